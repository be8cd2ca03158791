"""Can vLLM import the tool parsers, make them and call them?"""

from ..about import TOOL_PARSERS
from .findings import Findings
from .parsers import look_at_front_end, look_at_parser

NEEDED = {
    "extract_tool_calls": "requests with tools fail",
    "extract_tool_calls_streaming": "streamed requests with tools fail",
}


def look_in_new_process() -> Findings:
    from vllm.tool_parsers import ToolParser, ToolParserManager

    get = ToolParserManager.get_tool_parser
    for name in TOOL_PARSERS:
        calls: list = [(("tokenizer", []), {})]
        yield from look_at_parser(f"tool parser {name}", get, ToolParser, calls, NEEDED, {})
    yield from look_at_front_end("tool parser")
