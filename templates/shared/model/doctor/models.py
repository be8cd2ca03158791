"""Can the models be imported, and does vLLM know what they are now?"""

import json
import os
import re
from importlib.util import find_spec
from pathlib import Path

from .._models import owner_of_architecture
from ..about import ARCHITECTURES
from .checkpoint import look_at_checkpoint
from .findings import OK, PROBLEM, Findings, cause_of

__all__ = ["look_at_checkpoint", "look_in_new_process"]


def look_in_new_process() -> Findings:
    for architecture in ARCHITECTURES:
        yield from look_at_model(architecture)


def look_at_model(architecture: str) -> Findings:
    """Import a model's class, and compare it with what vLLM noted when it last inspected it."""
    from vllm import ModelRegistry

    entry = ModelRegistry.models[architecture]
    try:
        model_class = entry.load_model_cls()
    except BaseException as error:
        # The fixture engine has nothing that a model could be made of.
        if not find_spec("vllm.fixture"):
            text = f"The class of the architecture {architecture} cannot be imported: "
            text += cause_of(error)
            cure = "repair that, or install a vLLM that the plugin is tested with."
            yield PROBLEM, text, cure
        return
    root = os.path.join(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "vllm")
    root = os.path.expanduser(os.environ.get("VLLM_CACHE_ROOT", root))
    file = re.sub("[.:]", "-", str(owner_of_architecture(architecture)))
    note = Path(root, "modelinfos", f"{file}.json")
    noted = flags_of(entry) if note.exists() else None
    # An entry that holds the class, and not its name, is inspected at once, with no cache.
    ModelRegistry.register_model(architecture, model_class)
    flags = flags_of(ModelRegistry.models[architecture])
    wrong = [name for name in flags if noted and noted.get(name) != flags[name]]
    yield OK, f"The class of the architecture {architecture} can be imported.", ""
    if wrong:
        text = f"{note} is out of date, in {', '.join(wrong)}, and vLLM relies on it."
        yield PROBLEM, text, f"delete {note}"


def flags_of(entry) -> dict:
    # Through JSON, since what was in a cache has lists in place of tuples.
    return json.loads(json.dumps(vars(entry.inspect_model_cls()), default=str))
