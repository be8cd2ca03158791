"""What keeps this plugin from taking vLLM down, or from failing in silence. No need to edit it.

An exception that leaves ``register()`` stops vLLM for every model, not only for this plugin's.
"""

import contextlib
import logging
import os
import re
from collections.abc import Callable

from .about import NEWEST_VLLM, OLDEST_VLLM, PLUGIN_NAME

# Set to 1, this environment variable lets register() raise. For CI, and to find a cause.
# Its name does not start with VLLM_, since those are vLLM's own.
STRICT = "STRICT_VLLM_PLUGINS"

# vLLM gives a log handler to the logger "vllm" and those below it, and to no other.
logger = logging.getLogger(f"vllm.{PLUGIN_NAME}")
_said: dict[tuple[int, str], object] = {}


def attempt(step: Callable[[], None]) -> None:
    """Run one step of ``register()``. If it fails, log that, and let vLLM and the next step go on.

    Raises what the step raised when the environment variable STRICT_VLLM_PLUGINS is 1.
    """
    try:
        step()
    # Not only Exception: an import may exit, and extensions in Rust panic past it.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or os.environ.get(STRICT) == "1":
            raise
        say_once(
            logging.ERROR,
            step.__name__,
            f"Plugin {PLUGIN_NAME}: {step.__name__}() failed with {type(error).__name__}. Models "
            "of this plugin may not load, all others will. Cure: repair what the traceback names, "
            f"or install a vLLM from {OLDEST_VLLM} to {NEWEST_VLLM}; or keep this plugin out, by "
            "naming the others in VLLM_PLUGINS.",
            exc_info=True,
        )


def warn_if_untested() -> None:
    """Warn when this vLLM is older or newer than those that this plugin was tested with."""
    import vllm

    version = str(getattr(vllm, "__version__", "of unknown version"))
    if not is_tested(version):
        say_once(
            logging.WARNING,
            "version",
            f"Plugin {PLUGIN_NAME} is tested with vLLM {OLDEST_VLLM} to {NEWEST_VLLM}, and this is "
            f"{version}. It may work. Cure: run the plugin's tests with this vLLM, or install a "
            "tested one.",
        )


def warn_of_owner(what: str, name: str, owner: str, places: str) -> None:
    """Warn that ``name``, an architecture or a model_type, is already another package's.

    ``places`` are the files in which it would have to change.
    """
    say_once(
        logging.WARNING,
        what,
        f"Plugin {PLUGIN_NAME}: the {what} {name} already belongs to {owner}, which vLLM will use "
        f"in place of this plugin's. Cure: choose another {what}, in {places} and in the "
        "checkpoint's config.json; or, if the owner is a plugin, keep that out by VLLM_PLUGINS.",
    )


def owner_of(entry) -> str:
    """Return "module:Class" for an entry of vLLM's ``ModelRegistry.models``."""
    # An entry holds either the class, or the two halves of a lazy string.
    model_class = getattr(entry, "model_cls", None)
    if model_class is None:
        return f"{entry.module_name}:{entry.class_name}"
    return f"{model_class.__module__}:{model_class.__name__}"


def say_once(level: int, topic: str, message: str, **options) -> None:
    """Log ``message`` unless this process has said something about ``topic`` before."""
    # setdefault is atomic. A lock could be held by another thread while vLLM forks this process.
    mine = object()
    if _said.setdefault((os.getpid(), topic), mine) is mine:
        # A log handler that fails must not take vLLM down either.
        with contextlib.suppress(Exception):
            logger.log(level, message, **options)


def is_tested(version: str) -> bool:
    """Tell whether a version of vLLM lies in the range that about.py states."""
    return _release(OLDEST_VLLM) <= _release(version) <= _release(NEWEST_VLLM)


def _release(version: str) -> tuple[int, ...]:
    """Return (1, 2, 3) for "1.2.3", and for "1.2.3rc1+cpu"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
