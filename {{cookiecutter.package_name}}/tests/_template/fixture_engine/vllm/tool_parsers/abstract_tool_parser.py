"""Stands for ``vllm.tool_parsers.abstract_tool_parser``: from a name to a tool parser's class.

Leaves out structured outputs, and parsers in files outside a package."""

import importlib
from dataclasses import dataclass, field

from vllm._lacking import lacking_in
from vllm.logger import init_logger
from vllm.tool_parsers.utils import DeltaToolCall, ToolCall

__getattr__ = lacking_in(__name__)
logger = init_logger(__name__)


@dataclass
class DeltaMessage:
    content: str | None = None
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


class ToolParserManager:
    """Classes that were imported go before names that were only registered."""

    tool_parsers: dict[str, type[ToolParser]] = {}
    lazy_parsers: dict[str, tuple[str, str]] = {}

    @classmethod
    def get_tool_parser(cls, name: str) -> type[ToolParser]:
        """Import the class the first time. KeyError for a name that nobody has registered,
        TypeError for a class that is not a ToolParser; what an import raises passes through."""
        if name in cls.tool_parsers:
            return cls.tool_parsers[name]
        if name not in cls.lazy_parsers:
            raise KeyError(f"Tool parser '{name}' not found.")
        module, class_name = cls.lazy_parsers[name]
        try:
            parser = getattr(importlib.import_module(module), class_name)
            if not issubclass(parser, ToolParser):
                raise TypeError(f"{class_name} in {module} is not a ToolParser subclass.")
        except Exception:
            logger.exception("Failed to import lazy tool parser '%s' from %s", name, module)
            raise
        cls.tool_parsers[name] = parser
        return parser

    @classmethod
    def register_lazy_module(cls, name: str, module_path: str, class_name: str) -> None:
        """Register a name, in place of what was registered before, without a word."""
        cls.lazy_parsers[name] = (module_path, class_name)

    @classmethod
    def list_registered(cls) -> list[str]:
        return sorted({*cls.tool_parsers, *cls.lazy_parsers})
