"""What the doctor's parts have in common that look at a class as vLLM imports, makes and calls it."""

import inspect
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from .findings import PROBLEM, Finding, cause_of, needs_real_vllm

# What is wrong, after the title of what it is wrong with, and the cure.
Problem = tuple[str, str]
Found = TypeVar("Found")


def usable(
    title: str,
    load: Callable[[], Found],
    problems_of: Callable[[Found], Iterable[Problem]],
    cure: str,
) -> Generator[Finding, None, Found | None]:
    """Yield what keeps vLLM from using what is loaded; return that if nothing does, else None.

    If loading it fails, or looking at it, that is the problem, with ``cure``. What needs a real vLLM
    is not looked at.
    """
    try:
        found = load()
        problems = [*problems_of(found)]
    except BaseException as error:
        if not needs_real_vllm(error):
            yield PROBLEM, f"{title} cannot be used: {cause_of(error)}", cure
        return None
    for text, what_to_do in problems:
        yield PROBLEM, f"{title} {text}", what_to_do
    return None if problems else found


def left_open(found: Any) -> str:
    """Return which methods a class has still to write, as "has no a and no b"; "" if none."""
    names = sorted(getattr(found, "__abstractmethods__", ()))
    return f"has no {' and no '.join(names)}" if names else ""


def refusal(function: Callable, *given: Any, **named: Any) -> str:
    """Return why a function or a class does not take some arguments, "" if it does."""
    try:
        inspect.signature(function).bind(*given, **named)
    except TypeError as error:
        return str(error)
    return ""
