"""What comes of following a symbol path through vLLM's source. No need to edit this file."""

from enum import Enum
from typing import NamedTuple

import griffe


class Unknown(Enum):
    """Why nothing is found at the end of a symbol path."""

    # What should have it is known, and has no such thing.
    ABSENT = 1
    # What should have it is known, and may be given it while vLLM runs.
    OPEN = 2
    # It is not vLLM's: torch's, HF's, Python's.
    OUTSIDE = 3
    # The source does not tell what should have it.
    UNTOLD = 4


class Value(NamedTuple):
    """Something in vLLM's source, or, if ``made``, an instance of the class that it is."""

    found: griffe.Object
    made: bool = False


class Outcome(NamedTuple):
    """What a symbol path leads to, or why to nothing, and the part of it that was followed."""

    value: Value | Unknown
    reached: str
    # What was followed, and the step that could not be.
    stopped: str = ""
    # What a method is taken from: a class, which does not bind it, or an instance.
    holder: Value | Unknown = Unknown.OUTSIDE

    @property
    def is_of_class(self) -> bool:
        """Tell whether a class should have had what was not found, and not Python itself."""
        in_class = isinstance(self.holder, Value) and isinstance(self.holder.found, griffe.Class)
        return in_class and not self.stopped.rpartition(".")[2].startswith("__")
