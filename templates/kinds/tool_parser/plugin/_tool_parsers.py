"""Registers tool parsers, and says who owns a name. No need to edit it."""

from ._parsers import owner_in, register_lazily


def register_tool_parser(name: str, reference: str) -> None:
    """Register a tool parser, "module:Class" in this package, unless somebody else has the name."""
    from vllm.tool_parsers import ToolParserManager

    register, owner = ToolParserManager.register_lazy_module, owner_of_tool_parser(name)
    register_lazily(register, "tool_parser", name, reference, owner, "--tool-call-parser")


def owner_of_tool_parser(name: str) -> str | None:
    """Return "package.module:Class" of the tool parser that vLLM would use, or None."""
    from vllm.tool_parsers import ToolParserManager

    return owner_in(ToolParserManager.tool_parsers, ToolParserManager.lazy_parsers, name)
