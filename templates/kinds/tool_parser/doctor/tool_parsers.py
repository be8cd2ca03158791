"""Can vLLM import the tool parsers, make them and call them?"""

import inspect
import os

from ..about import TOOL_PARSERS
from .findings import OK, PROBLEM, WARNING, Findings, cause_of, needs_real_vllm

INTERFACE = ("extract_tool_calls", "extract_tool_calls_streaming")
RUST = "VLLM_USE_RUST_FRONTEND"


def look_in_new_process() -> Findings:
    for name in TOOL_PARSERS:
        yield from look_at_tool_parser(name)
    if os.environ.get(RUST, "0").lower() in ("1", "true"):
        text = f"{RUST} is set: that server uses no tool parser of a plugin."
        yield WARNING, text, f"unset {RUST}."


def look_at_checkpoint(name: str) -> Findings:
    """Find nothing: a tool parser serves any model."""
    yield from ()


def look_at_tool_parser(name: str) -> Findings:
    from vllm.tool_parsers import ToolParser, ToolParserManager

    try:
        parser = ToolParserManager.get_tool_parser(name)
        inspect.signature(parser).bind("tokenizer", [])
    except BaseException as error:
        if not needs_real_vllm(error):
            text = f"The class of the tool parser {name} cannot be used: {cause_of(error)}"
            cure = "repair that, or install a vLLM that the plugin is tested with."
            yield PROBLEM, text, cure
        return
    left_open = [each for each in INTERFACE if getattr(parser, each) is getattr(ToolParser, each)]
    if left_open:
        text = f"The class of the tool parser {name} has no {' and no '.join(left_open)}."
        yield PROBLEM, text, "write what is missing: requests with tools fail without it."
    else:
        yield OK, f"The class of the tool parser {name} can be imported.", ""
