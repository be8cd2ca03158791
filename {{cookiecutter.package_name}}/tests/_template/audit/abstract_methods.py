"""Whether a package's classes have the methods that vLLM leaves abstract. No need to edit this."""

from collections.abc import Iterator

import griffe
import outside
from hierarchy import Member, order_of
from package import Package
from signatures import text_of
from uses import OwnClass
from vllm_abstract import VllmAbstract
from vllm_source import Source


class AbstractMethods:
    """Finds the abstract methods of vLLM's that no class implements for a class of the package."""

    def __init__(self, source: Source, package: Package) -> None:
        self.source, self.package = source, package
        self.vllm = VllmAbstract(source)

    def problems(self) -> list[str]:
        """Return a finding for each abstract method that a class lacks."""
        return [
            f"{own.name} lacks {self.signature_of(found, name)}, which {found.name} leaves "
            f"abstract; define it in {own.where}"
            for own in self.package.classes
            if self.is_made(own)
            for name, found in self.lacking(own)
        ]

    def is_made(self, own: OwnClass) -> bool:
        """Tell whether a class is in use as it is, and not only a base of others."""
        extended = {each.rpartition(".")[2] for each in self.package.extended}
        return not own.abstract and own.name not in extended and not self.package.is_optional(own)

    def lacking(self, own: OwnClass) -> Iterator[tuple[str, griffe.Class]]:
        """Yield each abstract method that a class lacks, and the class that leaves it abstract."""
        try:
            order = order_of(self.source, own)
        except ValueError:
            # Python refuses such a class.
            return
        theirs = [each for each in order if isinstance(each, griffe.Class)]
        for name in sorted({name for each in theirs for name in self.vllm.left_open(each)}):
            number = self.first_with(name, order)
            found = order[number] if number is not None else None
            # vLLM does without what a class of its own lacks that it uses as it is.
            if any(map(self.vllm.is_in_use, order[:number])):
                continue
            if isinstance(found, griffe.Class) and name in self.vllm.left_open(found):
                yield name, found

    def first_with(self, name: str, order: list[Member]) -> int | None:
        """Return the number of the first class that has or may have a name."""
        if name in self.package.given:
            return None
        numbers = (n for n, each in enumerate(order) if self.may_define(each, name))
        return next(numbers, None)

    def may_define(self, member: Member, name: str) -> bool:
        if isinstance(member, OwnClass):
            return name in member.defined
        if isinstance(member, griffe.Class):
            return name in self.vllm.defined(member)
        known = outside.names_of(member)
        return known is None or name in known

    def signature_of(self, found: griffe.Class, name: str) -> str:
        """Return how a method is called and what it returns; of a property, its type."""
        member = found.members[name]
        if not isinstance(member, griffe.Function):
            annotation = getattr(member, "annotation", None)
            return f"the property {name}" + (f": {text_of(annotation)}" if annotation else "")
        parameters = ", ".join(self.source.parameters(member) or [])
        returns = f" -> {text_of(member.returns)}" if member.returns else ""
        return f"{name}({parameters}){returns}"
