"""Finds a LoRA adapter by its name, or says why not. Needs no vLLM, so that tests are fast.

An adapter is a folder as peft writes it, and its name is the name of that folder. All of them are in
the folder that an environment variable names. A client may send any text as a name.
"""

import hashlib
import json
import os
from pathlib import Path

# Its name does not start with VLLM_: vLLM takes such a variable for one of its own, and warns.
FOLDER = "LORA_FOLDER_OF_{{ cookiecutter.package_name | upper }}"
CONFIG = "adapter_config.json"
# One of them holds the weights.
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin", "adapter_model.pt")


class Refused(Exception):
    """Says in one line why an adapter is not served, and what cures that."""


def find_adapter(name: str, base_model: str | None) -> Path | None:
    """Return the folder of the adapter of that name, without symbolic links; None if there is none.

    ``base_model`` is the model that vLLM serves, as it was given to it; None stands for any. Raises
    Refused for a name that is no name of a folder, and for an adapter that must not be served.
    """
    refuse_name(name)
    root = folder_of_adapters()
    try:
        if not (root / name).is_dir():
            return None
        refuse_what_leaves(root.resolve(), root / name)
        folder = (root / name).resolve()
        refuse_config(json.loads((folder / CONFIG).read_bytes()), base_model)
        sizes = [path.stat().st_size for path in map(folder.joinpath, WEIGHTS) if path.is_file()]
    # RuntimeError: symbolic links in a circle, or JSON that is nested too deep.
    except (OSError, RuntimeError) as error:
        raise Refused(f"it cannot be read: {error!r}. Cure: repair {root / name}") from error
    except ValueError as error:
        raise Refused(f"{CONFIG} is not JSON: {error}. Cure: save the adapter again") from error
    if not any(sizes):
        raise Refused(f"it has no weights. Cure: put {WEIGHTS[0]} into {folder}")
    return folder


def folder_of_adapters() -> Path:
    """Return the folder with all adapters. Raises Refused if there is none."""
    if not (value := os.environ.get(FOLDER)):
        raise Refused(f"{FOLDER} is not set. Cure: set it to the folder with the adapters")
    if not (folder := Path(value)).is_dir():
        raise Refused(f"{FOLDER} is {value!r}, which is no folder. Cure: name one that is there")
    return folder


def refuse_name(name: str) -> None:
    """Raise Refused for a name that could lead out of the folder, or break a line of the log."""
    if not name.isprintable():
        raise Refused("its name holds a character that is not printable. Cure: use another name")
    if name in ("", ".", "..") or "/" in name or "\\" in name or len(name.encode()) > 255:
        raise Refused("its name is not that of one folder. Cure: use a short one, without / and \\")


def refuse_what_leaves(root: Path, folder: Path) -> None:
    """Raise Refused if an adapter, or a file of it, is a symbolic link out of the folder of all."""
    for path in (folder, *folder.rglob("*")):
        if root not in path.resolve().parents:
            raise Refused(f"{path.name!r} is a link out of {root}. Cure: put a copy in its place")


def refuse_config(config: object, base_model: str | None) -> None:
    """Raise Refused for an adapter that is no LoRA, or that was trained for another model."""
    if not isinstance(config, dict):
        raise Refused(f"{CONFIG} is no JSON object. Cure: save the adapter again")
    if (kind := config.get("peft_type")) != "LORA":
        raise Refused(f"{CONFIG} has peft_type = {kind!r:.100}. Cure: only LORA can be served")
    stated = config.get("base_model_name_or_path")
    if base_model is not None and not is_same_model(stated, base_model):
        raise Refused(
            f"{CONFIG} has base_model_name_or_path = {stated!r:.100}, and {base_model!r} is served. "
            "Cure: serve that model; if it is the same one, write there what is served"
        )


def is_same_model(stated: object, served: str) -> bool:
    """Tell whether two names of a model are equal, or paths to one folder."""
    if not isinstance(stated, str) or "\0" in stated:
        return False
    return stated == served or os.path.realpath(stated) == os.path.realpath(served)


def id_of(name: str) -> int:
    """Return a number from 1 to 2**63 - 1 for a name: the same in every process, and for it alone.

    That two names have one number is as likely as that SHA-256, cut to 63 bits, has them collide.
    """
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") % (2**63 - 1) + 1


def problems() -> list[str]:
    """Say for the doctor which adapters are refused, and why. Raises Refused if all must be."""
    root = folder_of_adapters()
    found = []
    names = sorted(path.name for path in root.iterdir() if path.is_dir())
    names = [name for name in names if not name.startswith(".")]
    for name in names:
        try:
            find_adapter(name, None)
        except Refused as reason:
            found.append(f"The LoRA adapter {name!r} is refused: {reason}.")
    if not names:
        found.append(f"{root} has no LoRA adapter. Cure: put the folders of adapters there.")
    return found
