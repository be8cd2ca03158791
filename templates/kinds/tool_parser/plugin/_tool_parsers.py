"""Registers tool parsers, and says who owns a name. No need to edit it."""

from ._safety import class_path, warn_of_owner


def register_tool_parser(name: str, reference: str) -> None:
    """Register a tool parser, "module:Class" in this package, unless somebody else has the name."""
    from vllm.tool_parsers import ToolParserManager

    module, _, class_name = reference.partition(":")
    owner = owner_of_tool_parser(name)
    # vLLM itself would let the last registration win, without a word.
    if owner is None:
        # By name and not as a class: only the front end imports it, and only when it is chosen.
        ToolParserManager.register_lazy_module(name, f"{__package__}.{module}", class_name)
    elif owner != f"{__package__}.{reference}":
        warn_of_owner("tool_parser", name, owner, "about.py and --tool-call-parser")


def owner_of_tool_parser(name: str) -> str | None:
    """Return "package.module:Class" of the tool parser that vLLM would use, or None."""
    from vllm.tool_parsers import ToolParserManager

    # vLLM looks in this order.
    if name in ToolParserManager.tool_parsers:
        return class_path(ToolParserManager.tool_parsers[name])
    if name in ToolParserManager.lazy_parsers:
        return ":".join(ToolParserManager.lazy_parsers[name])
    return None
