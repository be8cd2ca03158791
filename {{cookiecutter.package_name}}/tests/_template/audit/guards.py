"""What guards a use, so that a vLLM without the symbol breaks nothing. No need to edit this file.

Guards are ``except ImportError``, ``contextlib.suppress``, ``hasattr``, ``find_spec``, a look at
vLLM's version, and ``TYPE_CHECKING``.
"""

import ast
import builtins
import operator
import re
from collections.abc import Callable
from typing import Any

from names import Names
from syntax import last_name, strings_in

# A condition that holds one of these asks which vLLM is there.
ASKS = re.compile(r"version|hasattr|find_spec|TYPE_CHECKING", re.IGNORECASE)
OPERATORS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def exceptions_in(node: ast.expr | None) -> tuple[type[BaseException], ...]:
    """Return the exceptions of Python's that an ``except`` names; a bare one names them all."""
    if node is None:
        return (BaseException,)
    nodes = node.elts if isinstance(node, ast.Tuple) else [node]
    named = [getattr(builtins, last_name(each), None) for each in nodes]
    classes = [each for each in named if isinstance(each, type)]
    return tuple(each for each in classes if issubclass(each, BaseException))


def suppressed_by(node: ast.With | ast.AsyncWith) -> tuple[type[BaseException], ...]:
    """Return what ``contextlib.suppress(...)`` in a ``with`` suppresses."""
    caught: list[type[BaseException]] = []
    for item in node.items:
        call = item.context_expr
        if isinstance(call, ast.Call) and last_name(call.func) == "suppress":
            caught += [error for argument in call.args for error in exceptions_in(argument)]
    return tuple(caught)


def leaves(block: list[ast.stmt]) -> bool:
    """Tell whether a block ends with a statement that leaves it for good."""
    last = block[-1] if block else None
    return isinstance(last, ast.Raise | ast.Return | ast.Continue | ast.Break)


def recovers(handler: ast.ExceptHandler) -> bool:
    """Tell whether an ``except`` goes on, and does not raise again."""
    return not isinstance(handler.body[-1], ast.Raise)


def is_type_checking(node: ast.expr) -> bool:
    """Tell whether an expression is TYPE_CHECKING, in any spelling."""
    return last_name(node) == "TYPE_CHECKING"


def asks_for_vllm(node: ast.expr) -> bool:
    """Tell whether a condition asks which vLLM is there."""
    return bool(ASKS.search(ast.unparse(node)))


def numbers_in(text: str) -> tuple[int, ...]:
    """Return the release of a version as numbers, () if it is none."""
    match = re.match(r"v?(\d+(\.\d+)*)", text)
    return tuple(map(int, match[1].split("."))) if match else ()


def compare(left: tuple[int, ...], sign: ast.cmpop, right: tuple[int, ...]) -> bool | None:
    """Compare two releases, of which either may be shorter; None if that is not a comparison."""
    length = max(len(left), len(right))
    padded = [(*each, *(0,) * (length - len(each))) for each in (left, right)]
    function = OPERATORS.get(type(sign))
    return function(*padded) if function else None


class Conditions(Names):
    """What a condition comes to on this vLLM: True, False, or None if it cannot be told."""

    def symbol_path_of(self, node: ast.AST | None) -> str | None:
        if isinstance(node, ast.IfExp):
            truth = self.truth(node.test)
            return (
                None if truth is None else self.symbol_path_of(node.body if truth else node.orelse)
            )
        return super().symbol_path_of(node)

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
        function = last_name(node.func)
        if function == "hasattr":
            return self.has(self.symbol_path_in_getattr(node))
        if function == "find_spec":
            names = strings_in(node)[:1]
            return self.has(names[0]) if names and names[0].startswith("vllm.") else None
        return self.truth(node.args[0]) if function == "bool" and len(node.args) == 1 else None

    def truth_of_comparison(self, node: ast.Compare) -> bool | None:
        [sign], [right] = node.ops, node.comparators
        if isinstance(sign, ast.Is | ast.IsNot) and ast.unparse(right) == "None":
            return self.truth_of_none(node.left, isinstance(sign, ast.Is))
        left_version, right_version = self.release_in(node.left), self.release_in(right)
        known = left_version and right_version
        return compare(left_version, sign, right_version) if known else None

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
        symbol_path = self.symbol_path_of(node) or ""
        names_vllm = symbol_path.endswith(("__version__", "__version_tuple__"))
        if names_vllm or symbol_path.endswith(("__version__()", "__version_tuple__()")):
            return numbers_in(self.package.release.version)
        return self.release_in_part(node)

    def release_in_part(self, node: ast.expr) -> tuple[int, ...]:
        if isinstance(node, ast.Call) and len(node.args) == 1:
            function = last_name(node.func)
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

    def flag_of(self, value: ast.expr | None, symbol_path: str | None) -> list[bool | None]:
        """Return, in a list, what a guard shows a value to be; [] if it shows nothing."""
        if isinstance(value, ast.Constant):
            constant = value.value
            if self.guarded and (constant is None or isinstance(constant, bool)):
                return [constant]
            return []
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "getattr" and value.args[2:]:
            there = self.has(self.symbol_path_in_getattr(value))
            falls_back = ast.unparse(value.args[2]) in ("None", "False")
            return [True] if there else [None] if falls_back and there is False else []
        if value is None or symbol_path:
            return [True] if symbol_path and self.guarded else []
        truth = self.truth(value)
        return [] if truth is None else [truth]
