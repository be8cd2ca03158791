"""The logits processor: what a request may ask for, and what that does to the logits.

It excludes top choices: of all tokens that are at least as likely as a threshold, only the least
likely stays. Where several tokens would do, the model writes the one that is less expected; where
only one does, nothing changes.
"""

from typing import Any

from ._logits_base import RequestLogitsProcessor
from ._logits_state import Numbers


class {{ class_of("logits_processor") }}(RequestLogitsProcessor):
    # No token is that likely, so that none is excluded.
    UNCHANGED = (2.0,)

    @classmethod
    def numbers_in(cls, asked: Any) -> Numbers:
        """Return the threshold, a probability. Raises ValueError for anything else."""
        # Above one half, no two tokens could reach it.
        if not (isinstance(asked, int | float) and 0 < asked <= 0.5):
            raise ValueError("is not a threshold: give a number above 0, and 0.5 at most")
        return (float(asked),)

    def edit(self, logits: Any, numbers: Any) -> Any:
        """Exclude the top choices of each row: [rows, vocabulary], thresholds [rows, 1]."""
        likely = logits.softmax(-1) >= numbers
        least = logits.masked_fill(~likely, float("inf")).amin(-1, keepdim=True)
        return logits.masked_fill_(likely & (logits > least), float("-inf"))
