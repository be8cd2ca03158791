"""What must be there and set for the doctor to find nothing wrong with the LoRA resolvers."""

import json
from pathlib import Path

FOLDER = "LORA_FOLDER_OF_{{ cookiecutter.package_name | upper }}"


def settings_in(folder: Path) -> dict[str, str]:
    """Write an adapter below a folder; return the environment variables with which it is found."""
    adapter = folder / "adapters" / "one"
    adapter.mkdir(parents=True, exist_ok=True)
    (adapter / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    return {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1", FOLDER: str(adapter.parent)}
