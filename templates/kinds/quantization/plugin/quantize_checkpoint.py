"""Write a quantized checkpoint from one in floating point. Needs torch and safetensors, no GPU.

    python -m {{ cookiecutter.package_name }}.quantize_checkpoint FROM TO [--leave-out NAME ...]

FROM is a folder with config.json and *.safetensors, and TO a folder that is not there yet. One file
of weights at a time is held in memory.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file

from .int8 import quantize
from .quantized_layers import LEFT_OUT, QUANT_METHOD, layers_to_quantize

INDEX = "model.safetensors.index.json"


def quantize_checkpoint(source: Path, target: Path, left_out: Iterable[str] = ()) -> list[str]:
    """Write a folder ``target`` with the checkpoint in ``source``; return the quantized layers.

    Raises ValueError for what cannot be quantized, and FileExistsError if the folder is there.
    """
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    if "quantization_config" in config:
        raise ValueError(f"{source} is quantized already: start from the checkpoint it was made of")
    files = sorted(source.glob("*.safetensors"))
    if not files:
        raise ValueError(f"{source} has no *.safetensors: convert its weights to that format first")
    shapes = {name: shape for file in files for name, shape in shapes_in(file).items()}
    chosen, others = layers_to_quantize(shapes, left_out)
    if not chosen:
        raise ValueError("no layer would be quantized: see QUANTIZED in quantized_layers.py")
    target.mkdir(parents=True)
    try:
        write(source, target, files, chosen)
        config["quantization_config"] = {"quant_method": QUANT_METHOD, LEFT_OUT: others}
        write_json(target / "config.json", config)
    except BaseException:
        # Half a checkpoint would pass for one.
        shutil.rmtree(target)
        raise
    return chosen


def write(source: Path, target: Path, files: list[Path], chosen: list[str]) -> None:
    """Write the files of weights with some layers quantized, and copy all others."""
    for file in source.iterdir():
        if file.is_file() and file.suffix != ".safetensors":
            shutil.copy(file, target)
    places: dict[str, str] = {}
    for file in files:
        weights = load_file(file)
        for layer in chosen:
            if (name := f"{layer}.weight") in weights:
                weights[name], weights[f"{name}_scale"] = quantized(layer, weights[name])
        save_file(weights, target / file.name, metadata={"format": "pt"})
        places |= dict.fromkeys(weights, file.name)
    if (source / INDEX).exists():
        size = sum(file.stat().st_size for file in target.glob("*.safetensors"))
        write_json(target / INDEX, {"metadata": {"total_size": size}, "weight_map": places})


def quantized(layer: str, weight):
    """Return a weight in int8 and its scales. Raises ValueError with the layer's name."""
    try:
        return quantize(weight)
    except ValueError as error:
        raise ValueError(f"{layer} cannot be quantized: {error}") from error


def shapes_in(file: Path) -> dict[str, list[int]]:
    """Return the shape of each tensor in a file, without reading the tensors."""
    with safe_open(file, framework="pt") as tensors:
        return {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118


def write_json(file: Path, content: dict) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}.quantize_checkpoint")
    parser.add_argument("source", metavar="FROM", type=Path)
    parser.add_argument("target", metavar="TO", type=Path)
    parser.add_argument("--leave-out", metavar="NAME", nargs="+", default=[])
    options = parser.parse_args()
    try:
        chosen = quantize_checkpoint(options.source, options.target, options.leave_out)
    except (ValueError, OSError) as error:
        sys.exit(f"Error: {error}")
    print(f"{options.target} has {len(chosen)} layers in int8, and says so in config.json.")


if __name__ == "__main__":
    main()
