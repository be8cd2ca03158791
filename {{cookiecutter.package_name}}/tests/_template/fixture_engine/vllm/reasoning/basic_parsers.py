"""Stands for ``vllm.reasoning.basic_parsers``: the message that a parser sends. Leaves out a base class."""

from vllm._lacking import lacking_in
from vllm.tool_parsers.abstract_tool_parser import DeltaMessage as DeltaMessage

__getattr__ = lacking_in(__name__)
