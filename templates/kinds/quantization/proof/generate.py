"""Proof on a real vLLM: a quantized Llama gives the same tokens in every way to run it.

Never rendered. tests/in_vllm runs it where vLLM and the plugin are installed, with the package's
tests on PYTHONPATH:

    python generate.py FOLDER PACKAGE WAY ...

FOLDER gets the checkpoints, unless it has them. Of each WAY, one of WAYS and REFUSED, the last line
that is printed has the tokens and logprobs, the linear methods that layers have, or the refusal; and
of "Hugging Face" and "floating point" those that must and must not be equal.
"""

import gc
import json
import os
import shutil
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

# So that an engine in this process can be looked at.
if "tensor parallel" not in sys.argv:
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"

import torch
from _template.tiny_llama import greedy_in_hf, greedy_in_vllm, save_llama
from safetensors.torch import load_file

PACKAGE = sys.argv[2]
DOWN = "model.layers.1.mlp.down_proj"
EAGER = {"enforce_eager": True}
# The checkpoint, and the options of the engine.
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "config.json": ("int8", EAGER),
    "config.json and --quantization": ("int8", EAGER | {"quantization": PACKAGE}),
    "compiled": ("int8", {}),
    "--quantization": ("float", EAGER | {"quantization": PACKAGE}),
    "tensor parallel": ("int8", EAGER | {"tensor_parallel_size": 2}),
    "a layer left out": ("left_out", EAGER),
}
# The same, and what is said.
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "another quantization": ("int8", EAGER | {"quantization": "awq"}),
    "weights that are not int8": ("claimed", EAGER),
    "a part of what is one": ("part", EAGER),
    "int8 that nobody names": ("unnamed", EAGER),
}


def save_checkpoints(folder: Path) -> None:
    quantize = import_module(f"{PACKAGE}.quantize_checkpoint").quantize_checkpoint
    save_llama(folder / "float")
    quantize(folder / "float", folder / "int8")
    quantize(folder / "float", folder / "left_out", [DOWN])
    quantize(folder / "float", folder / "part", ["model.layers.0.self_attn.k_proj"])
    stated = config_of(folder / "int8")
    for name, source, config in (
        ("claimed", "float", stated),
        ("unnamed", "int8", config_of(folder / "float")),
    ):
        shutil.copytree(folder / source, folder / name)
        (folder / name / "config.json").write_text(json.dumps(config))


def config_of(folder: Path) -> dict:
    return json.loads((folder / "config.json").read_text())


def dequantized(folder: Path) -> dict[str, torch.Tensor]:
    """Return the weights that a checkpoint stands for, computed without the plugin."""
    held = load_file(folder / "model.safetensors")
    scales = {name for name in held if name.endswith("_scale")}
    return {
        name: held[name].float() * held.get(f"{name}_scale", torch.ones(1))
        for name in held.keys() - scales
    }


def methods_of(folder: Path, options: dict[str, Any]) -> dict[str, int]:
    """Return how many linear layers of the model are computed by each method."""
    from vllm import LLM

    counted: Counter = Counter()

    def count(model: torch.nn.Module) -> None:
        for name, module in model.named_modules():
            if name.endswith("_proj"):
                counted[type(module.quant_method).__name__] += 1

    llm = LLM(
        model=str(folder), dtype="float32", max_model_len=128, skip_tokenizer_init=True, **options
    )
    llm.apply_model(count)
    del llm
    gc.collect()
    return dict(counted)


def answer_of(folder: Path, way: str) -> Any:
    if way == "Hugging Face":
        return {
            name: greedy_in_hf(dequantized(folder / name), folder / "float")
            for name in ("int8", "left_out")
        }
    if way == "floating point":
        return greedy_in_hf(dequantized(folder / "float"), folder / "float")
    if way.startswith("methods: "):
        name, options = WAYS[way.removeprefix("methods: ")]
        return methods_of(folder / name, options)
    name, options = (WAYS | REFUSED)[way]
    if way in WAYS:
        return greedy_in_vllm(folder / name, **options)
    try:
        return greedy_in_vllm(folder / name, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if not folder.exists():
        save_checkpoints(folder)
    answers = {}
    for way in sys.argv[3:]:
        answers[way] = answer_of(folder, way)
        print(way, "is done:", json.dumps(answers[way])[:200], file=sys.stderr)
    print(json.dumps(answers))
