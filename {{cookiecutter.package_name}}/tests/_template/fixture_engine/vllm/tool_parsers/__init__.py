"""Stands for ``vllm.tool_parsers``: the registry and the base class. Leaves out the parsers."""

from vllm._lacking import lacking_in
from vllm.tool_parsers.abstract_tool_parser import ToolParser as ToolParser
from vllm.tool_parsers.abstract_tool_parser import ToolParserManager as ToolParserManager

__getattr__ = lacking_in(__name__)
_HERMES = ("vllm.tool_parsers.hermes_tool_parser", "Hermes2ProToolParser")
ToolParserManager.register_lazy_module("hermes", *_HERMES)
