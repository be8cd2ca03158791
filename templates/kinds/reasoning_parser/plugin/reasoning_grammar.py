"""The format in which the model writes its reasoning. Needs no vLLM, so that tests are fast.

An answer begins with the reasoning, which ends at a marker. The rest is the content:

    <think>Paris is in France. It is noon there.</think>It is noon.

The first marker may be missing: many chat templates put it into the prompt.
"""

from typing import NamedTuple

from ._markers import beginning_of

START, END = "<think>", "</think>"


class Part(NamedTuple):
    """A piece of an answer, in which the reasoning comes before the content. Either may be ""."""

    reasoning: str
    content: str


class Grammar:
    """Splits what the model writes into reasoning and content, as it arrives.

    However a text is cut into pieces, the reasoning and the content that come out are the same:
    what happens depends on the characters alone, and never on where a piece ends.
    """

    def __init__(self, ended: bool = False) -> None:
        """Begin with the reasoning; or with the content, if the model was told not to reason."""
        self.ended = ended
        self._begun = False
        self._held = ""

    def feed(self, piece: str) -> Part:
        """Take the next piece of text; return all that is certain now."""
        if self.ended:
            return Part("", piece)
        self._held += piece
        if not (self._begun or self._begins()):
            return Part("", "")
        reasoning, marker, content = self._held.partition(END)
        self.ended = bool(marker)
        self._held = "" if marker else beginning_of(END, reasoning)
        return Part(reasoning[: len(reasoning) - len(self._held)], content)

    def finish(self) -> Part:
        """Return what is left at the end of the text. Reasoning that has no end is reasoning."""
        left, self._held = self._held, ""
        return Part(left, "")

    def _begins(self) -> bool:
        """Take START away, behind any space; tell whether it can be told if it is there."""
        text = self._held.lstrip()
        if text.startswith(START):
            self._held = text[len(START) :]
        self._begun = not START.startswith(text) or text == START
        return self._begun


def is_closed(text: str) -> bool:
    """Tell whether the last marker in a text, such as a prompt, is END."""
    return text.rfind(END) > text.rfind(START)
