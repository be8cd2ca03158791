"""What guards a use, so that a vLLM without it breaks nothing. No need to edit this file.

``try`` and ``except ImportError``, ``contextlib.suppress``, ``hasattr``, ``find_spec``, a look at
vLLM's version, ``TYPE_CHECKING``.
"""

import ast
import builtins
import re

from names import Names
from uses import strings_in

# Names that a condition holds if it asks which vLLM is there.
ASKS = re.compile(r"version|hasattr|find_spec|TYPE_CHECKING", re.IGNORECASE)
OPERATORS = {
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
}


def exceptions_in(node: ast.expr | None) -> tuple[type[BaseException], ...]:
    """Return Python's own exceptions that an ``except`` names; a bare one names them all."""
    if node is None:
        return (BaseException,)
    nodes = node.elts if isinstance(node, ast.Tuple) else [node]
    named = [getattr(builtins, ast.unparse(each).split(".")[-1], None) for each in nodes]
    classes = [each for each in named if isinstance(each, type)]
    return tuple(each for each in classes if issubclass(each, BaseException))


def suppressed_by(node: ast.With | ast.AsyncWith) -> tuple[type[BaseException], ...]:
    """Return what ``contextlib.suppress(...)`` in a ``with`` suppresses."""
    caught: list[type[BaseException]] = []
    for item in node.items:
        call = item.context_expr
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "suppress":
            caught += [error for argument in call.args for error in exceptions_in(argument)]
    return tuple(caught)


def leaves(block: list[ast.stmt]) -> bool:
    """Tell whether what stands after a block is not reached from it."""
    last = block[-1] if block else None
    return isinstance(last, ast.Raise | ast.Return | ast.Continue | ast.Break)


def recovers(handler: ast.ExceptHandler) -> bool:
    """Tell whether an ``except`` goes on, and does not raise again."""
    return not isinstance(handler.body[-1], ast.Raise)


def is_type_checking(node: ast.expr) -> bool:
    """Tell whether an expression is TYPE_CHECKING, in any spelling."""
    return ast.unparse(node).split(".")[-1] == "TYPE_CHECKING"


def asks_for_vllm(node: ast.expr) -> bool:
    """Tell whether a condition asks which vLLM is there."""
    return bool(ASKS.search(ast.unparse(node)))


def numbers_in(text: str) -> tuple[int, ...]:
    """Return the release of a version as numbers, () if it is none."""
    match = re.match(r"v?(\d+(\.\d+)*)", text)
    return tuple(map(int, match[1].split("."))) if match else ()


def compare(left: tuple[int, ...], operator: ast.cmpop, right: tuple[int, ...]) -> bool | None:
    """Compare two releases, of which either may be shorter; None if that is not a comparison."""
    length = max(len(left), len(right))
    padded = [(*each, *(0,) * (length - len(each))) for each in (left, right)]
    function = OPERATORS.get(type(operator))
    return function(*padded) if function else None


class Conditions(Names):
    """What a condition says of the vLLM that is there: True, False, or None if it cannot be told."""

    def place_of(self, node: ast.AST | None) -> str | None:
        if isinstance(node, ast.IfExp):
            truth = self.truth(node.test)
            return None if truth is None else self.place_of(node.body if truth else node.orelse)
        return super().place_of(node)

    def truth(self, node: ast.expr) -> bool | None:
        if is_type_checking(node):
            return False
        if isinstance(node, ast.Name):
            return bool(self.flags[node.id]) if node.id in self.flags else None
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            truth = self.truth(node.operand)
            return None if truth is None else not truth
        if isinstance(node, ast.BoolOp):
            return self.truth_of_several(node)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self.truth_of_comparison(node)
        return self.truth_of_call(node) if isinstance(node, ast.Call) else None

    def truth_of_several(self, node: ast.BoolOp) -> bool | None:
        decided = isinstance(node.op, ast.Or)
        truths = [self.truth(value) for value in node.values]
        if decided in truths:
            return decided
        return None if None in truths else not decided

    def truth_of_call(self, node: ast.Call) -> bool | None:
        function = ast.unparse(node.func).split(".")[-1]
        if function == "hasattr":
            return self.has(self.place_in_getattr(node))
        if function == "find_spec":
            names = strings_in(node)[:1]
            return self.has(names[0]) if names and names[0].startswith("vllm.") else None
        return self.truth(node.args[0]) if function == "bool" and len(node.args) == 1 else None

    def truth_of_comparison(self, node: ast.Compare) -> bool | None:
        [operator], [right] = node.ops, node.comparators
        if isinstance(operator, ast.Is | ast.IsNot) and ast.unparse(right) == "None":
            return self.truth_of_none(node.left, isinstance(operator, ast.Is))
        left_version, right_version = self.release_in(node.left), self.release_in(right)
        known = left_version and right_version
        return compare(left_version, operator, right_version) if known else None

    def truth_of_none(self, node: ast.expr, is_none: bool) -> bool | None:
        if isinstance(node, ast.Name) and node.id in self.flags:
            return (self.flags[node.id] is None) is is_none
        truth = self.truth_of_call(node) if isinstance(node, ast.Call) else None
        return None if truth is None else truth is not is_none

    def release_in(self, node: ast.expr) -> tuple[int, ...]:
        """Return the release that an expression stands for, () if it is none."""
        if isinstance(node, ast.Constant):
            return numbers_in(str(node.value)) if isinstance(node.value, str) else ()
        if isinstance(node, ast.Tuple):
            try:
                values = ast.literal_eval(node)
            except ValueError:
                return ()
            return tuple(v for v in values if isinstance(v, int)) if len(values) else ()
        place = self.place_of(node) or ""
        names_vllm = place.endswith(("__version__", "__version_tuple__"))
        if names_vllm or place.endswith(("__version__()", "__version_tuple__()")):
            return numbers_in(self.package.release.version)
        return self.release_in_part(node)

    def release_in_part(self, node: ast.expr) -> tuple[int, ...]:
        if isinstance(node, ast.Call) and len(node.args) == 1:
            function = ast.unparse(node.func).split(".")[-1]
            if function == "version" and strings_in(node) == ["vllm"]:
                return numbers_in(self.package.release.version)
            return self.release_in(node.args[0]) if function.lower() in ("version", "parse") else ()
        if isinstance(node, ast.Attribute) and node.attr in ("release", "base_version"):
            return self.release_in(node.value)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            upper = node.slice.upper
            size = upper.value if isinstance(upper, ast.Constant) else None
            if node.slice.lower is None and isinstance(size, int):
                return self.release_in(node.value)[:size]
        return ()

    def flag_of(self, value: ast.expr | None, place: str | None) -> list[bool | None]:
        """Return, in a list, what a guard has shown a value to be; [] if none has."""
        if isinstance(value, ast.Constant):
            constant = value.value
            if self.guarded and (constant is None or isinstance(constant, bool)):
                return [constant]
            return []
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "getattr" and value.args[2:]:
            there = self.has(self.place_in_getattr(value))
            falls_back = ast.unparse(value.args[2]) in ("None", "False")
            return [True] if there else [None] if falls_back and there is False else []
        if value is None or place:
            return [True] if place and self.guarded else []
        truth = self.truth(value)
        return [] if truth is None else [truth]
