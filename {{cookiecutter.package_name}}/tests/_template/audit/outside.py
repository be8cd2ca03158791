"""Classes that are not vLLM's, and what instances of them have. No need to edit this file."""

import abc
import builtins
import enum
import re
import typing
from collections.abc import Collection

# torch is not needed to audit, so that its names stand here; those that plugins read.
MODULE = re.findall(
    r"\w+",
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter
    get_submodule half ipu load_state_dict modules mtia named_buffers named_children named_modules
    named_parameters parameters register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu
    zero_grad
""",
)

MODULES = {module.__name__: module for module in (abc, builtins, enum, typing)}


def names_of(path: str) -> Collection[str] | None:
    """Return the attributes of a class, as far as they can be known without its package."""
    module, _, name = path.rpartition(".")
    if name == "Module" and module.startswith("torch.nn"):
        return MODULE
    if name in ("Protocol", "Generic", "ABC"):
        return dir(object)
    # Of other classes, what __init__() gives their instances is not known.
    known = MODULES.get(module)
    if known is None or not hasattr(known, name):
        return None
    return [*dir(getattr(known, name)), *(["name", "value"] if known is enum else [])]
