"""Stands for the rest of vLLM, which the fixture engine leaves out: importing it says so.

Each time, what is lacking is noted too, for the tests: a plugin may catch the error.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec

# This environment variable names the file in which all processes of a test note what they lacked.
NOTES = "FIXTURE_ENGINE_NOTES"
_noting = True


class NeedsRealVLLM(ModuleNotFoundError):
    needs_real_vllm = True


def lack(name: str) -> NeedsRealVLLM:
    """Note that ``name`` is lacking, and return the error that says so."""
    if _noting and (notes := os.environ.get(NOTES)):
        with open(notes, "a") as file:
            file.write(f"{name}\n")
    return NeedsRealVLLM(f"the fixture engine has no {name}: this needs a real vLLM")


@contextlib.contextmanager
def unnoted() -> Iterator[None]:
    """Note nothing: the engine looks at a model, and that it runs none is known."""
    global _noting
    before, _noting = _noting, False
    try:
        yield
    finally:
        _noting = before


class Finder:
    """The last finder: it is asked for what no other has found."""

    @staticmethod
    def find_spec(name: str, path=None, target=None) -> None:
        # Another transformers than the stand-in knows best what it has.
        parent, dot, _ = name.partition(".")
        # A plugin's package may be called vllm_…, and what that lacks is a mistake of its own.
        known = getattr(sys.modules.get(parent), "__name__", "")
        if dot and known.partition(".")[0] == "vllm":
            raise lack(name)


def lacking_in(module: str) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a module of the fixture engine."""

    def __getattr__(name: str) -> object:
        # Python and tools ask for such names, which a module may or may not have.
        if not name.startswith("__"):
            if not hasattr(sys.modules[module], "__path__"):
                raise lack(f"{module}.{name}")
            # A module that is there, and is imported next; or else the finder above raises.
            find_spec(f"{module}.{name}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return __getattr__
