"""vLLM's registry of tool parsers, as the tests need it."""

from _template.parsers import Call, Parsers
from vllm.tool_parsers import ToolParser, ToolParserManager


def get_in_server(name: str) -> type:
    from vllm.parser import ParserManager

    return ParserManager.get_tool_parser(tool_parser_name=name, enable_auto_tools=True)


STREAMING: tuple = ("before", "now", "delta", [], [], [], "request")
PARSERS = Parsers(
    manager=ToolParserManager,
    imported=ToolParserManager.tool_parsers,
    get=ToolParserManager.get_tool_parser,
    base=ToolParser,
    get_in_server=get_in_server,
    rivals=("vllm.tool_parsers.hermes_tool_parser:Hermes2ProToolParser", "a:B"),
    made_by=[Call(("tokenizer", []))],
    calls={
        "extract_tool_calls": [Call(("self", "text", "request"))],
        "extract_tool_calls_streaming": [Call(("self", *STREAMING))],
        "adjust_request": [Call(("self", "request"))],
    },
    left_open=["extract_tool_calls", "extract_tool_calls_streaming"],
)
REGISTRIES = {"tool_parser": PARSERS}
