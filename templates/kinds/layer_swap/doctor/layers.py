"""Does vLLM make the layers of this package in place of its own, and run what is in them?"""

import gc
import inspect
import os
from pathlib import Path
from typing import Any

from .._safety import class_path
from ..about import LAYERS
from .findings import OK, PROBLEM, WARNING, Findings

HW_AGNOSTIC = "VLLM_USE_HW_AGNOSTIC"


def look_in_new_process() -> Findings:
    for name in LAYERS:
        yield from look_at_layer(name)
    if os.environ.get(HW_AGNOSTIC, "").lower() in ("1", "true"):
        text = f"{HW_AGNOSTIC} is set: models of transformers have layers that nobody can replace."
        yield WARNING, text, f"unset {HW_AGNOSTIC}."


def look_at_layer(name: str) -> Findings:
    from vllm.model_executor.custom_op import CustomOp, PluggableLayer, op_registry_oot

    replacement: Any = op_registry_oot[name]
    own = class_path(replacement)
    original: Any = next((base for base in replacement.__mro__[1:] if base.__name__ == name), None)
    if original is None:
        text = f"The class {own} does not inherit from a class {name}, in whose place vLLM would "
        text += "make it."
        yield PROBLEM, text, "name vLLM's class in about.py, and inherit from it."
        return
    if not issubclass(original, (CustomOp, PluggableLayer)):
        text = f"vLLM never makes {own}: {name} is neither a CustomOp nor a PluggableLayer."
        yield PROBLEM, text, "replace a class that is one."
        return
    found = [*look_at_methods(own, replacement, original), *look_at_instances(own, original)]
    yield from found or [(OK, f"vLLM makes {own} wherever a model makes {name}.", "")]
    yield from look_at_compiled(replacement, original)


def look_at_methods(own: str, replacement: Any, original: Any) -> Findings:
    """Name what vLLM would run of its own class, and arguments that the replacement does not take."""
    for name in methods_of(original):
        if getattr(replacement, name) is getattr(original, name):
            text = f"{own} has no {name}, so that vLLM runs the one of its own {original.__name__}."
            yield PROBLEM, text, "write it there; it may call forward_native."
    for name in ("__init__", *methods_of(original)):
        if missing := not_taken(replacement, original, name):
            text = f"{own}.{name} does not take {', '.join(missing)}, which models may give it."
            yield PROBLEM, text, "take every argument that vLLM's class takes."


def methods_of(original: Any) -> list[str]:
    """Return the methods among which vLLM chooses, for each layer, and which its class has."""
    from vllm.model_executor.custom_op import CustomOp

    general = CustomOp.__mro__
    own = {name for base in original.__mro__ if base not in general for name in vars(base)}
    return sorted(name for name in own & vars(CustomOp).keys() if name.startswith("forward_"))


def not_taken(replacement: Any, original: Any, method: str) -> list[str]:
    """Return the arguments that a method of vLLM's class takes, and the replacement's does not."""
    ours, theirs = (
        inspect.signature(getattr(each, method)).parameters for each in (replacement, original)
    )
    if any(argument.kind is argument.VAR_KEYWORD for argument in ours.values()):
        return []
    # A static method has no self.
    return [name for name in theirs if name not in ours and name != "self"]


def look_at_instances(own: str, original: Any) -> Findings:
    """Name layers that were made before register() ran, which stay what they are."""
    early = sum(type(each) is original for each in gc.get_objects())
    if early:
        text = f"{early} of vLLM's own {original.__name__} were made before {own} took its place."
        yield PROBLEM, text, "make no layer in a plugin, or while a module is imported."


def look_at_compiled(replacement: Any, original: Any) -> Findings:
    """Name compiled models that vLLM keeps, and that may hold its own layer.

    It finds them by its version, its settings and the model, and then compares the sources that were
    compiled. None of these changes when a plugin is installed.
    """
    root = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    root = os.path.expanduser(os.environ.get("VLLM_CACHE_ROOT", os.path.join(root, "vllm")))
    for file in sorted(Path(root, "torch_compile_cache", "torch_aot_compile").glob("*/*/model")):
        held = file.read_bytes()
        if original.__module__.encode() in held and replacement.__module__.encode() not in held:
            text = f"{file} is a model that was compiled without {class_path(replacement)}. If it "
            text += f"has any {original.__name__}, vLLM may load it again as it is."
            yield WARNING, text, f"delete {file.parents[1]}"
