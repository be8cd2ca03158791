"""Writes lines of JSON into a file, from a thread of its own. Needs no vLLM. No need to edit it."""

import atexit
import contextlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Any

from ._safety import say_once
from ._stat_loggers import FOLDER
from .about import PLUGIN_NAME

# So many lines may wait, so that a disk that hangs does not fill the memory.
MOST_WAITING = 100_000
# For how many seconds the end of the process waits for the last lines.
PATIENCE = 5.0
ANOTHER_FOLDER = f"make room there, or name another folder in {FOLDER}"
END = object()


class LineWriter:
    """Writes one line about each thing that it is given: what ``line_of`` makes of it.

    A line that cannot be written is lost. Why is logged once, and at the end how many were.
    """

    def __init__(self, file: Path, line_of: Callable[..., dict[str, Any]]) -> None:
        self.file = file
        self._line_of = line_of
        self._waiting: Queue = Queue(MOST_WAITING)
        self._lost, self._lock = 0, Lock()
        self._thread = Thread(target=self._run, name=f"writer of {file.name}", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def put(self, *thing: Any) -> None:
        """Take what ``line_of`` is called with, and return at once. Raises nothing."""
        try:
            self._waiting.put_nowait(thing)
        except Full:
            self.complain("so many lines wait that no more are taken", ANOTHER_FOLDER, lost=1)

    def close(self) -> None:
        """Write what waits, for as long as PATIENCE says, and stop."""
        atexit.unregister(self.close)
        with contextlib.suppress(Full):
            self._waiting.put(END, timeout=PATIENCE)
        self._thread.join(PATIENCE)
        if self._lost:
            self._say("at the end", f"at least {self._lost} lines were lost")

    def complain(self, what: str, cure: str, error: object = None, lost: int = 0) -> None:
        """Log once why lines are lost, and count them. Raises nothing."""
        with self._lock:
            self._lost += lost
        cause = "" if error is None else f": {type(error).__name__}: {error}"
        self._say(what, f"{what}{cause}. Lines are lost, and nothing else is. Cure: {cure}")

    def _say(self, topic: str, text: str) -> None:
        message = f"Plugin {PLUGIN_NAME}: {self.file}: {text}."
        say_once(logging.WARNING, (self.file, topic), message)

    def _run(self) -> None:
        # With nothing, so that a folder that cannot be written is named before the first request.
        batch: list = []
        self._write(batch)
        while END not in batch:
            batch = self._next_things()
            texts = [self._text_of(*thing) for thing in batch if thing is not END]
            self._write(list(filter(None, texts)))

    def _next_things(self) -> list:
        """Wait for a thing; return it, and all that wait behind it."""
        things = [self._waiting.get()]
        with contextlib.suppress(Empty):
            while True:
                things.append(self._waiting.get_nowait())
        return things

    def _text_of(self, *thing: Any) -> str:
        """Return the line about a thing, "" if it cannot be made."""
        try:
            return json.dumps(self._line_of(*thing)) + "\n"
        # Whatever an author's function raises, the next line is made.
        except Exception as error:
            cure = f"repair {self._line_of.__module__}.{self._line_of.__qualname__}()"
            self.complain("a line cannot be made", cure, error, lost=1)
            return ""

    def _write(self, lines: list[str]) -> None:
        try:
            append(self.file, "".join(lines).encode())
        except OSError as error:
            self.complain("it cannot be written", ANOTHER_FOLDER, error, lost=len(lines))


def append(file: Path, text: bytes) -> None:
    """Append a text to a file; raise OSError if not all of it can be, and leave the file as it was.

    The file is opened anew each time: it may have been moved away since, and its folder too.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab", buffering=0) as opened:
        size = opened.tell()
        try:
            while text:
                text = text[opened.write(text) :]
        except OSError:
            # Half a line would spoil the next one.
            with contextlib.suppress(OSError):
                opened.truncate(size)
            raise
