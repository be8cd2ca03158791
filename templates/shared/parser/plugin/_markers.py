"""Finds the marker that a text may end in the middle of. Needs no vLLM, and no need to edit it."""


def beginning_of(marker: str, text: str) -> str:
    """Return the end of a text that may be the beginning of a marker: "" if there is none."""
    lengths = range(len(marker) - 1, 0, -1)
    return next((marker[:length] for length in lengths if text.endswith(marker[:length])), "")
