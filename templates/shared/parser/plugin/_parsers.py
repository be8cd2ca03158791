"""Registers parsers, and says who owns a name. No need to edit it."""

from collections.abc import Callable, Mapping

from ._safety import class_path, warn_of_owner

# Takes the name, the module and the name of the class in it.
Register = Callable[[str, str, str], None]


def register_lazily(
    register: Register, what: str, name: str, reference: str, owner: str | None, option: str
) -> None:
    """Register a parser, "module:Class" in this package, unless it has an owner already.

    ``option`` is the server's option that takes the name.
    """
    module, _, class_name = reference.partition(":")
    # vLLM itself would let the last registration win, without a word.
    if owner is None:
        # By name and not as a class: only the processes that use it import it.
        register(name, f"{__package__}.{module}", class_name)
    elif owner != f"{__package__}.{reference}":
        warn_of_owner(what, name, owner, f"about.py and {option}")


def owner_in(
    imported: Mapping[str, type], lazy: Mapping[str, tuple[str, str]], name: str
) -> str | None:
    """Return "package.module:Class" of the parser that vLLM would use, or None."""
    # vLLM looks in this order.
    if name in imported:
        return class_path(imported[name])
    if name in lazy:
        return ":".join(lazy[name])
    return None
