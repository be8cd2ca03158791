"""The methods that vLLM's classes leave to their subclasses. No need to edit this file.

A method that is decorated as abstract is one. A static one, and a method that only raises
NotImplementedError, may be optional: it is one if nearly all of vLLM's own subclasses have it, and
the class does not choose itself, as CustomOp does, which of its methods to use.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache

import griffe
from hierarchy import Member, order_of
from syntax import given_in_class, is_abstract, last_name, says_that_it_is_abstract
from uses import Method
from vllm_source import Source

# Of vLLM's own subclasses, this part at least must have a method, and this many.
NEARLY_ALL = 0.8
FEWEST = 2


class VllmAbstract:
    """Tells what the classes of one vLLM define, and what they leave to their subclasses."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.defined = cache(self._defined)
        self.left_open = cache(self._left_open)
        self.candidates = cache(self._candidates)
        self.extended = {name for line in source.class_lines for name in line.bases}

    def _defined(self, found: griffe.Class) -> frozenset[str]:
        """Return the names that the body of a class gives a value."""
        return frozenset(given_in_class(self.source.class_node(found).body))

    def _left_open(self, found: griffe.Class) -> frozenset[str]:
        """Return the names of the methods and properties that a class leaves to its subclasses."""
        candidates = self.candidates(found)
        return frozenset(
            name
            for name, method in candidates.items()
            if (is_abstract(method) and not is_static(method)) or self.is_counted_on(found, name)
        )

    def _candidates(self, found: griffe.Class) -> dict[str, Method]:
        """Return the methods of a class that are abstract, or only raise NotImplementedError."""
        methods: dict[str, Method] = {}
        for each in self.source.class_node(found).body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                if is_abstract(each) or only_raises(each):
                    methods[each.name] = each
                elif not is_part_of_property(each):
                    # It replaces what had its name.
                    methods.pop(each.name, None)
        return methods

    def is_counted_on(self, found: griffe.Class, name: str) -> bool:
        """Tell whether nearly all of vLLM's own subclasses have what a class leaves open."""
        if re.search(rf"\bself\.{name}\b", found.source):
            return False
        have = [name not in self.candidates(first) for first in self.first_of_heirs(found, name)]
        return sum(have) >= max(FEWEST, NEARLY_ALL * len(have))

    def first_of_heirs(self, found: griffe.Class, name: str) -> Iterator[griffe.Class]:
        """Yield, for each of vLLM's own subclasses in use, the class whose method it has."""
        for line in self.source.subclasses(found.name):
            heir = self.source.class_at(f"{self.source.name_of_module(line.file)}.{line.name}")
            if heir is None or not self.is_in_use(heir):
                continue
            try:
                order = order_of(self.source, heir)
            except ValueError:
                continue
            classes = [each for each in order if isinstance(each, griffe.Class)]
            if any(each is found for each in classes):
                yield next(each for each in classes if name in self.defined(each))

    def is_in_use(self, member: Member) -> bool:
        """Tell whether vLLM uses a class of its own as it is: it is nobody's base, nor abstract."""
        if not isinstance(member, griffe.Class) or member.name in self.extended:
            return False
        return not says_that_it_is_abstract(self.source.class_node(member))


def only_raises(method: Method) -> bool:
    """Tell whether a method does nothing but raise NotImplementedError."""
    *before, last = method.body
    documented = all(isinstance(e, ast.Expr) and isinstance(e.value, ast.Constant) for e in before)
    raised = last.exc if isinstance(last, ast.Raise) else None
    named = raised.func if isinstance(raised, ast.Call) else raised
    return documented and named is not None and last_name(named) == "NotImplementedError"


def is_static(method: Method) -> bool:
    return any(last_name(each) == "staticmethod" for each in method.decorator_list)


def is_part_of_property(method: Method) -> bool:
    """Tell whether a method is a setter or deleter of a property that stands before it."""
    decorators = map(ast.unparse, method.decorator_list)
    return any(each.startswith(f"{method.name}.") for each in decorators)
