"""Does a checkpoint lead vLLM to this plugin's model, and does it hold what vLLM would read?"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .._models import config_class_of, owner_of_architecture, owner_of_model_type
from ..about import ARCHITECTURES, MODEL_TYPES
from .findings import PROBLEM, WARNING, Finding, Findings, brief, cause_of, command, judge

MISTRALS = "consolidated*.safetensors"


def look_at_checkpoint(name: str) -> Findings:
    folder = Path(name)
    if not folder.is_dir():
        yield no_folder(name)
        return
    config, problem = read_config(folder / "config.json")
    if problem:
        yield PROBLEM, problem, "name a folder whose config.json is one JSON object."
    else:
        yield look_at_architectures(folder / "config.json", config.get("architectures"))
        yield look_at_model_type(folder / "config.json", config)
    yield from look_at_formats(folder)
    yield from look_at_weights(folder)


def no_folder(name: str) -> Finding:
    if Path(name).exists():
        return PROBLEM, f"{name} is a file.", "name the folder that has config.json in it."
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        text = f"There is no folder {name}: vLLM would look for it on the Hugging Face Hub, and "
        text += "the doctor looks at folders only."
        return PROBLEM, text, f"{command('hf', 'download', name, '--local-dir')} FOLDER"
    return PROBLEM, f"There is no folder {name}.", "name a folder that has config.json in it."


def read_config(file: Path) -> tuple[dict[str, Any], str]:
    """Return what a config.json holds, and "" or why it cannot be used."""
    try:
        config = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}, f"{file} does not exist."
    except OSError as error:
        return {}, f"{file} cannot be read: {error.strerror}."
    except (ValueError, RecursionError) as error:
        return {}, f"{file} is not valid JSON: {brief(error)}."
    if not isinstance(config, dict):
        return {}, f"{file} is not a JSON object: it holds {brief(json.dumps(config), 100)}."
    return config, ""


def look_at_architectures(file: Path, names: Any) -> Finding:
    from vllm import ModelRegistry

    cure = f'write "architectures": [{one_of(ARCHITECTURES)}], if this plugin is meant.'
    if not names:
        return PROBLEM, f"{file} has no architectures.", cure
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        text = f"{file} has the architectures {brief(json.dumps(names))}, not a list of names."
        return PROBLEM, text, cure
    # vLLM takes the first that it knows.
    first = next((name for name in names if name in ModelRegistry.models), None)
    owner = owner_of_architecture(first) if first else "nobody"
    text = f"{file} has the architectures {brief(names)}, of {owner}."
    return judge(first in ARCHITECTURES, text, cure)


def one_of(names: Iterable[str]) -> str:
    """Return names as they stand in JSON, to choose one of."""
    return " or ".join(json.dumps(name) for name in names)


def look_at_model_type(file: Path, config: dict[str, Any]) -> Finding:
    model_type = config.get("model_type")
    cure = f'write "model_type": {one_of(MODEL_TYPES)}, if this plugin is meant.'
    if not isinstance(model_type, str):
        return PROBLEM, f"{file} has the model_type {brief(json.dumps(model_type))}.", cure
    text = f"{file} has the model_type {brief(model_type)}"
    config_class = config_class_of(model_type)
    if config_class is None:
        return PROBLEM, f"{text}, which neither transformers nor a plugin knows.", cure
    text += f", of {owner_of_model_type(model_type)}"
    values = {name: value for name, value in config.items() if name != "model_type"}
    try:
        config_class(**values)
    except Exception as error:
        cure = "correct what it names in config.json."
        return PROBLEM, f"{text}, which refuses it: {cause_of(error)}", cure
    return judge(model_type in MODEL_TYPES, f"{text}.", cure, WARNING)


def look_at_formats(folder: Path) -> Findings:
    """Name what vLLM reads in place of config.json and the usual weights: Mistral's own files."""
    # In folders below too, as vLLM looks.
    consolidated = sorted(folder.rglob(MISTRALS))
    if not consolidated:
        return
    params, hf = folder / "params.json", "--load-format hf"
    text = f"vLLM reads the weights in {MISTRALS} and no others, since {consolidated[0]} is there."
    if params.is_file():
        hf = f"--config-format hf {hf}"
        text = f"vLLM reads {params} and not config.json, and {text.removeprefix('vLLM reads ')}"
    cure = f"serve it with {hf}; or move these files away."
    # Otherwise vLLM would still read the one with the other.
    if consolidated[0].parent == folder and not (folder / "model.safetensors.index.json").exists():
        cure = f"move {consolidated[0]} away, and serve it with {hf}."
    yield PROBLEM, text, cure


def look_at_weights(folder: Path) -> Findings:
    if not any(any(folder.glob(pattern)) for pattern in ("*.safetensors", "*.bin", "*.pt")):
        text = f"{folder} holds no weights: no *.safetensors, *.bin or *.pt."
        cure = "copy them there; or serve it with --load-format dummy, to try it without them."
        yield PROBLEM, text, cure
