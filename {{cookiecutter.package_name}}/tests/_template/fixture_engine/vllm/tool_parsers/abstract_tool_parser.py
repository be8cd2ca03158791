"""Stands for ``vllm.tool_parsers.abstract_tool_parser``: from a name to a tool parser's class.

Leaves out structured outputs."""

from dataclasses import dataclass, field

from vllm._lacking import lacking_in
from vllm._parsers import ParserManager
from vllm.tool_parsers.utils import DeltaToolCall, ToolCall

__getattr__ = lacking_in(__name__)


@dataclass
class DeltaMessage:
    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[DeltaToolCall] = field(default_factory=list)


@dataclass
class ExtractedToolCallInformation:
    tools_called: bool
    tool_calls: list[ToolCall]
    content: str | None = None


class ToolParser:
    """What a parser inherits. Both ways of extracting raise NotImplementedError here."""

    supports_required_and_named = True

    def __init__(self, tokenizer, tools=None):
        self.prev_tool_call_arr: list[dict] = []
        self.current_tool_id = -1
        self.current_tool_name_sent = False
        self.streamed_args_for_tool: list[str] = []
        self.model_tokenizer = tokenizer
        self.tools = tools or []

    def adjust_request(self, request):
        return request

    def extract_tool_calls(self, model_output, request):
        raise NotImplementedError("AbstractToolParser.extract_tool_calls")

    def extract_tool_calls_streaming(self, *texts_and_tokens_and_request):
        raise NotImplementedError("AbstractToolParser.extract_tool_calls_streaming")


class ToolParserManager(ParserManager):
    what, base = "tool parser", ToolParser
    tool_parsers: dict[str, type[ToolParser]] = {}
    imported = tool_parsers
    lazy_parsers: dict[str, tuple[str, str]] = {}

    @classmethod
    def get_tool_parser(cls, name: str) -> type[ToolParser]:
        return cls.find(name)
