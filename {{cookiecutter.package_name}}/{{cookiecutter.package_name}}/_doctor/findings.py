"""What a finding is, and how values, errors and commands are written in one."""

import os
import shlex
import sys
import traceback
from collections.abc import Iterator

OK, WARNING, PROBLEM = "ok", "warning", "problem"
# The cure for what the fixture engine cannot show.
REAL = "run this where a real vLLM is installed."
# How bad it is, what was found, and the cure.
Finding = tuple[str, str, str]
Findings = Iterator[Finding]


def judge(good: bool, text: str, cure: str, otherwise: str = PROBLEM) -> Finding:
    return (OK, text, "") if good else (otherwise, text, cure)


def brief(text: object, limit: int = 300) -> str:
    """Return a text in one line, without its middle if it is long."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else f"{line[: limit - 60]} … {line[-50:]}"


def cause_of(error: BaseException) -> str:
    """Return an error, and where it came from, in one line."""
    text = brief("".join(traceback.format_exception_only(type(error), error)))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} ({frame.filename}:{frame.lineno})"


def needs_real_vllm(error: BaseException | None) -> bool:
    """Tell whether an error says that the fixture engine has not all of vLLM."""
    return getattr(error, "needs_real_vllm", False)


def show(text: str) -> None:
    """Print a text, for a reader who may stop in the middle, as `head` does."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python itself flushes once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def command(*words: object) -> str:
    """Return a command that can be pasted into a shell, whatever a path has in it."""
    return shlex.join(map(str, words))
