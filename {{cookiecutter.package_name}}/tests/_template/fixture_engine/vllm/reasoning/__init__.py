"""Stands for ``vllm.reasoning``: the registry and the base class. Leaves out the parsers."""

from vllm._lacking import lacking_in
from vllm.reasoning.abs_reasoning_parsers import ReasoningParser as ReasoningParser
from vllm.reasoning.abs_reasoning_parsers import ReasoningParserManager as ReasoningParserManager

__getattr__ = lacking_in(__name__)
_R1 = ("vllm.reasoning.deepseek_r1_reasoning_parser", "DeepSeekR1ReasoningParser")
ReasoningParserManager.register_lazy_module("deepseek_r1", *_R1)
