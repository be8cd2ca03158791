"""Write taken_names/: architectures and model types of all supported vLLMs and their transformers.

Run it as `.venv/bin/python tests/refresh_taken_names.py` when a vLLM release is added.
"""

import json

import real_vllm
from helpers import ROOT, SUPPORTED_VLLM, run

ASK = """
import json
from transformers import CONFIG_MAPPING
from vllm import ModelRegistry
from vllm.transformers_utils.config import _CONFIG_REGISTRY

names = [sorted(ModelRegistry.get_supported_archs()), sorted({*CONFIG_MAPPING, *_CONFIG_REGISTRY})]
print("\\n" + json.dumps(names))
"""


def main() -> None:
    """Ask every supported vLLM, and write the union of the answers."""
    architectures, model_types = set(), set()
    for version in SUPPORTED_VLLM:
        python = real_vllm.environment(version) / "python"
        answer = json.loads(run(python, "-c", ASK).stdout.splitlines()[-1])
        architectures.update(answer[0])
        model_types.update(answer[1])
    for name, values in {"architectures": architectures, "model_types": model_types}.items():
        text = "".join(f"{value}\n" for value in sorted(values))
        (ROOT / "taken_names" / f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
