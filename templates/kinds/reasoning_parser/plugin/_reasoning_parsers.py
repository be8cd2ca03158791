"""Registers reasoning parsers, and says who owns a name. No need to edit it."""

from ._parsers import owner_in, register_lazily


def register_reasoning_parser(name: str, reference: str) -> None:
    """Register a reasoning parser, "module:Class" in this package, unless the name is taken."""
    from vllm.reasoning import ReasoningParserManager

    register, owner = ReasoningParserManager.register_lazy_module, owner_of_reasoning_parser(name)
    register_lazily(register, "reasoning_parser", name, reference, owner, "--reasoning-parser")


def owner_of_reasoning_parser(name: str) -> str | None:
    """Return "package.module:Class" of the reasoning parser that vLLM would use, or None."""
    from vllm.reasoning import ReasoningParserManager

    imported, lazy = ReasoningParserManager.reasoning_parsers, ReasoningParserManager.lazy_parsers
    return owner_in(imported, lazy, name)
