"""Run beside a plugin's tests: a checkpoint with int8 weights, in vLLM and its own Llama."""

import json
import shutil
import sys
from pathlib import Path

import reference
import torch
from _template.tiny_checkpoint import greedy_in_hf, greedy_in_vllm, save_checkpoint
from reference import PROMPTS
from safetensors.torch import load_file, save_file

STEPS = 16
# No multiple of 16: a CPU with AMX else takes kernels that read bfloat16 and float16 alone, where
# the references here are in float32.
HIDDEN_SIZE = 104
# Twice 255 times this is below 2 ** 15: a CPU without VNNI adds two products in 16 bits, and cuts
# what is larger.
LARGEST_WEIGHT = 63
IN_TREE = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
INT8 = {"num_bits": 8, "type": "int", "symmetric": True}
# The names are those of the format that vLLM calls compressed-tensors.
QUANTIZATION = {
    "quant_method": "compressed-tensors",
    "format": "int-quantized",
    "quantization_status": "compressed",
    "ignore": ["lm_head"],
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "weights": INT8 | {"strategy": "channel", "dynamic": False},
            "input_activations": INT8 | {"strategy": "token", "dynamic": True},
        }
    },
}


def quantize(values: torch.Tensor, largest: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each row as whole numbers from -largest to largest, and the scale of each row."""
    scale = values.abs().amax(dim=-1, keepdim=True) / largest
    return (values / scale).round(), scale


class QuantizedLinear(torch.nn.Module):
    """What the format means, in torch: weights and activations are rounded to int8."""

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        self.rows, self.scale = quantize(layer.weight.detach(), LARGEST_WEIGHT)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        tokens, scale = quantize(inputs, 127)
        return tokens @ self.rows.T * scale * self.scale.T


def quantize_checkpoint(folder: Path) -> None:
    """Replace the weights of attention and MLP by int8 and scales."""
    weights = load_file(folder / "model.safetensors")
    for name in [name for name in weights if name.endswith("_proj.weight")]:
        rows, scale = quantize(weights[name], LARGEST_WEIGHT)
        weights |= {name: rows.to(torch.int8), f"{name}_scale": scale}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def change_config(folder: Path, changes: dict) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


if __name__ == "__main__":
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    reference.CONFIG["hidden_size"] = HIDDEN_SIZE
    model = save_checkpoint(folder, tie_word_embeddings=False, **options["names"])
    plain = [greedy_in_hf(model, prompt, STEPS)[0] for prompt in PROMPTS]
    quantize_checkpoint(folder)
    change_config(folder, {"quantization_config": QUANTIZATION})
    in_tree = folder.parent / "in_tree"
    shutil.copytree(folder, in_tree)
    change_config(in_tree, IN_TREE)

    for layer in model.model.layers:
        for block in (layer.self_attn, layer.mlp):
            for name, linear in list(block.named_children()):
                if name.endswith("_proj"):
                    setattr(block, name, QuantizedLinear(linear))
    expected = [greedy_in_hf(model, prompt, STEPS)[0] for prompt in PROMPTS]
    assert expected != plain

    eager = {"enforce_eager": True}

    def generate(folder):
        return [tokens for tokens, _ in greedy_in_vllm(folder, PROMPTS, STEPS, **eager)]

    results = {"plugin": generate(folder), "in-tree": generate(in_tree), "torch": expected}
    (folder / "result.json").write_text(json.dumps(results))
