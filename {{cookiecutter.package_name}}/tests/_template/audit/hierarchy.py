"""The order in which Python looks through a class and its bases. No need to edit this file."""

from collections.abc import Sequence

import griffe
from uses import MODULE, OwnClass
from vllm_source import Source

# A class of the package's, one of vLLM's, or the dotted path of any other, "" if that is unknown.
Member = OwnClass | griffe.Class | str
# Bases that define nothing but Python's own names.
BARE = ("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing_extensions.")


def order_of(source: Source, member: Member) -> list[Member]:
    """Return a class and all its bases in Python's order (C3). Raises ValueError if it has none."""
    parents = parents_of(source, member)
    orders = [order_of(source, parent) for parent in parents]
    return [member, *merged([*orders, parents])]


def parents_of(source: Source, member: Member) -> list[Member]:
    """Return the bases that a class names, without those that define nothing."""
    if isinstance(member, str):
        return []
    if isinstance(member, OwnClass):
        return [member_for(source, parent) for parent in member.parents]
    named = source.parents(member)
    return [each for each in named if not (isinstance(each, str) and each.startswith(BARE))]


def member_for(source: Source, parent: OwnClass | str | None) -> Member:
    """Return what a base of a class of the package's is."""
    if isinstance(parent, OwnClass):
        return parent
    if parent == MODULE:
        return "torch.nn.Module"
    return (parent and source.class_at(parent.removesuffix("[]"))) or ""


def merged(orders: Sequence[list[Member]]) -> list[Member]:
    """Merge orders into one that agrees with each of them. Raises ValueError if none does."""
    left = [order for order in orders if order]
    if not left:
        return []
    heads = [order[0] for order in left]
    rest = [member for order in left for member in order[1:]]
    first = next((head for head in heads if not any(head is each for each in rest)), None)
    if first is None:
        raise ValueError("the bases contradict each other")
    return [first, *merged([order[order[0] is first :] for order in left])]
