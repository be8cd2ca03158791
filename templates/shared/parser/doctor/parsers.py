"""Can vLLM import a parser, make it, and call what a parser must have?"""

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

from .findings import OK, PROBLEM, WARNING, Findings, cause_of, needs_real_vllm

RUST = "VLLM_USE_RUST_FRONTEND"


def look_at_front_end(what: str) -> Findings:
    """Warn of the front end that knows no plugin."""
    if os.environ.get(RUST, "0").lower() in ("1", "true"):
        yield WARNING, f"{RUST} is set: that server uses no {what} of a plugin.", f"unset {RUST}."


def look_at_parser(
    title: str,
    get: Callable[[str], type],
    base: type,
    calls: list[tuple[tuple, dict[str, Any]]],
    needed: Mapping[str, str],
    useful: Mapping[str, str],
) -> Findings:
    """Import a parser's class, and compare it with vLLM's base class.

    ``title`` is like "tool parser NAME". The class is called as in ``calls``, each with positional
    and with named arguments. ``needed`` says of each method what fails where it is missing, and
    ``useful`` what only lacks then.
    """
    try:
        parser = get(title.rpartition(" ")[2])
        for positional, named in calls:
            inspect.signature(parser).bind(*positional, **named)
    except BaseException as error:
        if not needs_real_vllm(error):
            text = f"The class of the {title} cannot be used: {cause_of(error)}"
            cure = "repair that, or install a vLLM that the plugin is tested with."
            yield PROBLEM, text, cure
        return
    yield OK, f"The class of the {title} can be imported.", ""
    for level, methods in ((PROBLEM, needed), (WARNING, useful)):
        for method, lost in methods.items():
            if getattr(parser, method) is getattr(base, method):
                text = f"The class of the {title} has no {method}: {lost}."
                yield level, text, "write it, as vLLM's base class has it."
