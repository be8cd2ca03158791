"""Stands for ``vllm.tool_parsers.utils``: what a tool call is made of. Leaves out checks of types.

In vLLM these are models of pydantic."""

import uuid
from dataclasses import dataclass, field

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)


@dataclass
class FunctionCall:
    name: str
    arguments: str


@dataclass
class ToolCall:
    function: FunctionCall
    id: str = field(default_factory=lambda: f"chatcmpl-tool-{uuid.uuid4().hex[:16]}")
    type: str = "function"


@dataclass
class DeltaFunctionCall:
    name: str | None = None
    arguments: str | None = None


@dataclass
class DeltaToolCall:
    index: int
    id: str | None = None
    type: str | None = None
    function: DeltaFunctionCall | None = None
