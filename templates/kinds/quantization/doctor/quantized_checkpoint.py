"""Does a checkpoint hold the weights that its config.json says, quantized or not?

vLLM itself compares no types: it copies floating point into parameters of int8 without a word.
"""

import json
import struct
from pathlib import Path
from typing import Any

from .._quantizations import owner_of_quantization
from ..about import QUANTIZATION_METHODS
from .findings import OK, PROBLEM, WARNING, Findings, brief, cause_of


def look_at_checkpoint(name: str) -> Findings:
    file = Path(name) / "config.json"
    try:
        config = json.loads(file.read_bytes())
        stated = config.get("quantization_config")
        dtypes = dtypes_in(Path(name))
    except Exception as error:
        text = f"{name} is not a checkpoint with readable weights: {cause_of(error)}"
        yield PROBLEM, text, "name a folder with config.json and whole *.safetensors."
        return
    if stated is None:
        yield from look_at_tensors(file, None, dtypes, list(QUANTIZATION_METHODS))
        return
    # vLLM reads it in lower case.
    method = str(stated.get("quant_method", "") if isinstance(stated, dict) else stated).lower()
    if method in QUANTIZATION_METHODS:
        yield from look_at_tensors(file, stated, dtypes, [method])
        return
    owner = owner_of_quantization(method) or "nobody"
    text = f"{file} has the quant_method {brief(repr(method))}, of {owner}."
    names = " or ".join(json.dumps(each) for each in QUANTIZATION_METHODS)
    yield WARNING, text, f'write "quant_method": {names}, if this plugin is meant.'


def look_at_tensors(
    file: Path, stated: dict[str, Any] | None, dtypes: dict[str, str], methods: list[str]
) -> Findings:
    from vllm.model_executor.layers import quantization

    for method in methods:
        config_class = quantization._CUSTOMIZED_METHOD_TO_QUANT_CONFIG[method]
        if not hasattr(config_class, "problem_with_checkpoint"):
            continue
        try:
            problem = config_class.problem_with_checkpoint(stated, dtypes)
        except ValueError as error:
            yield PROBLEM, f"{file} is refused: {brief(error)}", "correct config.json."
            return
        if problem:
            cure = "write it anew from the one in floating point, as README says."
            yield PROBLEM, f"{file.parent} {problem}.", cure
            return
    asks = f"names the quantization {methods[0]}" if stated else "names no quantization"
    yield OK, f"{file} {asks}, and the weights beside it fit.", ""


def dtypes_in(folder: Path) -> dict[str, str]:
    """Return the type of each tensor in the folder's *.safetensors; reads their headers only."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as opened:
            # Empty while a checkpoint is only tried out.
            if not (length := opened.read(8)):
                continue
            header = json.loads(opened.read(struct.unpack("<Q", length)[0]))
        found |= {name: each["dtype"] for name, each in header.items() if name != "__metadata__"}
    return found
