"""The format in which the model writes tool calls. Needs no vLLM, so that tests are fast.

A call is one JSON object between two markers. Text may stand around it, and calls in a row:

    Let me look. <call>{"name": "get_weather", "arguments": {"city": "Paris"}}</call>
"""

import json
import re
from dataclasses import dataclass

from ._markers import beginning_of
from ._safety import logger

START, END = "<call>", "</call>"
# Every character that JSON has outside a string. Any other shows early that this is not a call.
OUTSIDE_STRINGS = re.compile(r"[\s{}\[\],:0-9+\-.eEtrufalsn]")


@dataclass(frozen=True)
class Call:
    """A tool call. ``arguments`` is a JSON object as text, which is what OpenAI's API returns."""

    name: str
    arguments: str


class Grammar:
    """Splits what the model writes into text and calls, as it arrives.

    However a text is cut into pieces, the text and the calls that come out are the same: what
    happens depends on the characters alone, and never on where a piece ends.
    """

    # Where reading stands in what is held, and in the JSON object that it may begin with.
    _at: int
    _depth: int
    _in_string: bool
    _escaped: bool
    _closed: bool

    def __init__(self) -> None:
        self._held = ""
        self._restart()

    def feed(self, piece: str) -> list[str | Call]:
        """Take the next piece of text; return all that is certain now, in order."""
        self._held += piece
        found: list[str | Call] = []
        while (part := self._next()) is not None:
            found.append(part)
        return joined(found)

    def finish(self) -> list[str | Call]:
        """Return what is left at the end of the text. A call that has no end is text."""
        found: list[str | Call] = []
        while self._held:
            if self._held.startswith(START):
                found += [self._not_a_call("it has no end"), *self.feed("")]
            else:
                found.append(self._take(len(self._held)))
        return joined(found)

    def _next(self) -> str | Call | None:
        """Return the next part of the text, or None if more must come first."""
        if self._held.startswith(START):
            return self._call()
        start = self._held.find(START)
        length = start if start >= 0 else len(self._held) - len(beginning_of(START, self._held))
        return self._take(length) if length else None

    def _call(self) -> str | Call | None:
        """Read on in a call; return it once it is complete, or its marker if it is not one."""
        while self._at < len(self._held) and not self._closed:
            if not self._accepts(self._held[self._at]):
                return self._not_a_call(f"{self._held[self._at]!r} is out of place")
            self._at += 1
        rest = self._held[self._at :].lstrip()
        if not (self._closed and rest) or (END.startswith(rest) and rest != END):
            return None
        if not rest.startswith(END):
            return self._not_a_call(f"{END} does not follow the JSON object")
        try:
            call = call_in(self._held[len(START) : self._at])
        except ValueError as error:
            return self._not_a_call(str(error))
        except RecursionError:
            return self._not_a_call("it is nested too deep")
        self._take(len(self._held) - len(rest) + len(END))
        return call

    def _accepts(self, character: str) -> bool:
        """Follow one more character of a JSON object, and tell whether it may stand there."""
        if self._in_string:
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = True
            elif character == '"':
                self._in_string = False
            return character >= " "
        if self._depth == 0:
            self._depth = int(character == "{")
            return self._depth == 1 or character.isspace()
        self._in_string = character == '"'
        self._depth += (character in "{[") - (character in "}]")
        self._closed = self._depth == 0
        return self._in_string or bool(OUTSIDE_STRINGS.match(character))

    def _not_a_call(self, reason: str) -> str:
        """Return the marker as text. What follows it is read again: there may be a call in it."""
        # Prose may name the marker: only what has begun to be a call is worth a line.
        if self._depth or self._closed:
            logger.warning("A tool call is malformed, and stays text: %s.", reason)
        return self._take(len(START))

    def _take(self, length: int) -> str:
        taken, self._held = self._held[:length], self._held[length:]
        self._restart()
        return taken

    def _restart(self) -> None:
        # Where the JSON object has been read up to, so that no character is read twice.
        self._at = len(START)
        self._depth = 0
        self._in_string = self._escaped = self._closed = False


def call_in(text: str) -> Call:
    """Return the call that a JSON object describes. Raises ValueError if it is not a call."""
    described = json.loads(text, parse_constant=refuse_constant)
    if described.keys() != {"name", "arguments"}:
        raise ValueError("it needs name and arguments, and nothing else")
    name, arguments = described["name"], described["arguments"]
    if not (isinstance(name, str) and name and isinstance(arguments, dict)):
        raise ValueError("name must be a string, and arguments an object")
    call = Call(name, json.dumps(arguments, ensure_ascii=False))
    # JSON can escape half a surrogate pair. The server could not send it.
    (call.name + call.arguments).encode()
    return call


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not valid JSON")


def joined(parts: list[str | Call]) -> list[str | Call]:
    """Return the parts with neighbouring texts as one."""
    result: list[str | Call] = []
    for part in parts:
        if isinstance(part, str) and result and isinstance(result[-1], str):
            result[-1] += part
        else:
            result.append(part)
    return result
