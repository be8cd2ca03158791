"""What keeps this plugin from taking vLLM down, or from failing in silence. No need to edit it.

An exception that leaves ``register()`` stops vLLM for every model, not only for this plugin's.
"""

import contextlib
import logging
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Hashable
from functools import partial
from pathlib import Path
from types import MethodType
from typing import Any

from .about import NEWEST_VLLM, OLDEST_VLLM, PLUGIN_NAME

# Set to 1, this environment variable lets register() raise. For CI, and to find a cause.
# Its name does not start with VLLM_, since those are vLLM's own.
STRICT = "STRICT_VLLM_PLUGINS"

# vLLM gives a log handler to the logger "vllm" and those below it, and to no other.
logger = logging.getLogger(f"vllm.{PLUGIN_NAME}")
_said: dict[tuple[int, Hashable], object] = {}

# What a generator function, a coroutine function or map() returns: none of its work is done.
LAZY = (Generator, AsyncGenerator, Awaitable, map, filter)
PLAIN = (str, bytes, int, float, type(None))
ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def attempt(step: Callable[[], object]) -> None:
    """Run one step of ``register()``. If it fails, log that, and let vLLM and the next step go on.

    Raises what the step raised when the environment variable STRICT_VLLM_PLUGINS is 1.
    """
    try:
        refuse_lazy(step())
    # Not only Exception: an import may exit, and extensions in Rust panic past it.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or os.environ.get(STRICT) == "1":
            raise
        if not said_of(step):
            report(step, error)


def refuse_lazy(result: object) -> None:
    """Raise TypeError for the result of a step that has done nothing yet."""
    if issubclass(type(result), LAZY):
        # So that Python does not also complain that nobody awaited it.
        with contextlib.suppress(AttributeError):
            result.close()  # type: ignore[attr-defined]
        raise TypeError(
            f"it returned a {type(result).__name__}, and so did nothing: a step must be a function "
            "without yield and async, which does its work when it is called"
        )


def report(step: Any, error: BaseException) -> None:
    """Log that a step of ``register()`` failed, once for each step and process."""
    name, code = identity_of(step)
    shown = f"{name[:190]}…{name[-50:]}" if len(name) > 250 else name
    say_once(
        logging.ERROR,
        (name, code),
        f"Plugin {PLUGIN_NAME}: {shown} failed with {type(error).__name__}. Models "
        "of this plugin may not load, all others will. Cure: repair what the traceback names, "
        f"or install a vLLM from {OLDEST_VLLM} to {NEWEST_VLLM}; or keep this plugin out, by "
        "naming the others in VLLM_PLUGINS.",
        exc_info=error,
    )


def said_of(step: Any) -> bool:
    """Tell whether this very step has failed before in this process, and remember that it has.

    Its name does not tell, where the step changes something that its name shows.
    """
    # A bound method is a new object each time.
    parts = (step.__func__, step.__self__) if type(step) is MethodType else (step,)
    # They are kept, so that no other object gets the same id.
    return _said.setdefault((os.getpid(), tuple(map(id, parts))), parts) is not parts


def identity_of(step: Any) -> tuple[str, Hashable]:
    """Return the name and the code of a step, which are the same when it is made anew.

    Names are like module.f(), module.f('a') and module.C.f(module.C(x=1)). That of a lambda, and
    of a function within a function, says where it is too. Two steps of one name differ in code.
    """
    try:
        return _name_of(step), _code_of(step)
    # An object that is no function may answer any question with any exception.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return ADDRESS.sub("", object.__repr__(step)), None


def _name_of(step: Any) -> str:
    given = []
    if issubclass(type(step), partial):
        given = [_shown(value) for value in step.args]
        given += [f"{name}={_shown(value)}" for name, value in step.keywords.items()]
        step = step.func
    if type(step) is MethodType:
        given.insert(0, _shown(step.__self__))
        step = step.__func__
    name, place = _qualified(step), ""
    if not name:
        return _shown(step) + (f"({', '.join(given)})" if given else "")
    if "<" in name and (code := _code_of(step)):
        given += _held_by(step)
        place = f" in {Path(code.co_filename).name}:{code.co_firstlineno}"
    return f"{name}({', '.join(given)}){place}"


def _held_by(function: Any) -> list[str]:
    """Return the values that a function got when it was made, but for those that may change."""
    values = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for cell in function.__closure__ or ():
        # A variable that has no value yet.
        with contextlib.suppress(ValueError):
            values.append(cell.cell_contents)
    plain = [value for value in values if isinstance(value, PLAIN) or _qualified(value)]
    return [_qualified(value) or repr(value) for value in plain]


def _code_of(step: Any) -> Any:
    """Return the code of a function, or of that in a partial; None where there is none."""
    return getattr(step.func if issubclass(type(step), partial) else step, "__code__", None)


def _qualified(value: Any) -> str:
    """Return "module.name" of a function or class, and "" of anything else."""
    name = getattr(value, "__qualname__", "")
    return f"{value.__module__}.{name}" if isinstance(name, str) and name else ""


def _shown(value: Any) -> str:
    """Return what tells a value from others of its type, without its address."""
    if _qualified(value):
        return _name_of(value) if _code_of(value) else _qualified(value)
    if type(value).__repr__ is not object.__repr__:
        return ADDRESS.sub("", repr(value))
    state = getattr(value, "__dict__", {}).items()
    fields = [f"{name}={field!r}" for name, field in state if isinstance(field, PLAIN)]
    return f"{_qualified(type(value))}({', '.join(fields)})"


def warn_of_owner(what: str, name: str, owner: str | None, places: str) -> None:
    """Warn that a name, such as an architecture, already belongs to another package's class.

    ``places`` are those in which it would have to change.
    """
    say_once(
        logging.WARNING,
        (what, name),
        f"Plugin {PLUGIN_NAME}: the {what} {name} already belongs to {owner}, which vLLM will use "
        f"in place of this plugin's. Cure: choose another {what}, in {places}; or, if the owner "
        "is a plugin, keep it out by VLLM_PLUGINS.",
    )


def class_path(found: type) -> str:
    """Return "package.module:Class" of a class."""
    return f"{found.__module__}:{found.__qualname__}"


def say_once(level: int, topic: Hashable, message: str, **options) -> None:
    """Log ``message`` unless this process has said something about ``topic`` before."""
    # setdefault is atomic. A lock could be held by another thread while vLLM forks this process.
    mine = object()
    if _said.setdefault((os.getpid(), topic), mine) is mine:
        # A log handler that fails must not take vLLM down either.
        with contextlib.suppress(Exception):
            logger.log(level, message, **options)
