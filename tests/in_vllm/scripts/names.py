"""Run beside a plugin's tests: the names of the weights of a mixture of experts.

In result.json: those in the tiny checkpoint, those that HF saves, and those in HF's model.
"""

import json
import sys
from pathlib import Path

import reference
from _template.tiny_checkpoint import save_checkpoint
from safetensors.torch import load_file

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 64}
    reference.CONFIG = reference.CONFIG | {"model_type": "qwen3_moe"} | experts
    model = save_checkpoint(folder)
    saved = folder.parent / "saved"
    model.save_pretrained(saved)
    results = {
        "tiny": list(load_file(folder / "model.safetensors")),
        "saved": list(load_file(saved / "model.safetensors")),
        "in the model": list(model.state_dict()),
    }
    (folder / "result.json").write_text(json.dumps(results))
