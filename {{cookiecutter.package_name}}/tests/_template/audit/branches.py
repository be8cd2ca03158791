"""Which statements run on this vLLM, of those that a guard chooses among. No need to edit this."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import guards
from guards import Conditions
from uses import ADDITIONS


class Branches(Conditions):
    """Reads blocks of statements: of alternatives, the one that runs on this vLLM."""

    def read(self, block: list[ast.stmt]) -> None:
        """Read statements, up to one that does not let this vLLM go on."""
        for statement in block:
            self.visit(statement)
            if isinstance(statement, ast.If):
                truth = self.truth(statement.test)
                taken = statement.body if truth else statement.orelse
                if truth is not None and guards.leaves(taken):
                    return

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        truth = self.truth(node.test)
        if truth is None and guards.asks_for_vllm(node.test):
            self.read_alternatives(node.body, node.orelse)
        elif truth is None:
            with self.unguarded():
                self.read_either(node.body, node.orelse)
        else:
            taken, other = (node.body, node.orelse) if truth else (node.orelse, node.body)
            if guards.asks_for_vllm(node.test):
                self.read_names(other)
            with self.guard(()):
                self.read(taken)

    def read_either(self, *blocks: list[ast.stmt]) -> None:
        """Read blocks of which one runs; a name that they bind differently stands for nothing."""
        before, bound, outcomes = self.names, self.bound, []
        for block in blocks:
            self.names, self.bound = dict(before), set()
            self.read(block)
            outcomes.append((self.names, self.bound))
        self.names, self.bound = dict(before), bound.union(*(each for _, each in outcomes))
        for name in set().union(*(each for _, each in outcomes)):
            symbol_paths = {names.get(name) for names, inside in outcomes if name in inside}
            if len(symbol_paths) == 1 and (before.get(name) in (None, *symbol_paths)):
                self.names.update(
                    (name, symbol_path) for symbol_path in symbol_paths if symbol_path
                )
            else:
                self.names.pop(name, None)

    @contextmanager
    def guard(self, caught: tuple[type[BaseException], ...]) -> Iterator[None]:
        """Note, while a block is read, that a guard stands around it, and what it catches."""
        before = self.caught, self.guarded
        self.caught, self.guarded = (*self.caught, *caught), True
        yield
        self.caught, self.guarded = before

    @contextmanager
    def unguarded(self) -> Iterator[None]:
        """Note, while a block is read, that it may run or not, so that a constant shows nothing."""
        before, self.guarded = self.guarded, False
        yield
        self.guarded = before

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        symbol_path = self.symbol_path_of(node.iter)
        self.visit(node.target)
        if isinstance(node.target, ast.Name):
            self.bind(node.target.id, symbol_path and f"{symbol_path}[]")
        with self.unguarded():
            self.read([*node.body, *node.orelse])

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        self.visit_For(node)

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        with self.unguarded():
            self.read([*node.body, *node.orelse])

    def read_names(self, block: list[ast.stmt]) -> None:
        """Read what a block that does not run says about names, and only that."""
        before, self.muted = self.muted, True
        self.read(block)
        self.muted = before
        for name, symbol_path in list(self.names.items()):
            if self.has(symbol_path) is False:
                self.bind(name, None)

    def read_alternatives(self, *blocks: list[ast.stmt]) -> None:
        """Read blocks of which this vLLM runs one; it must have all that one of them uses."""
        whole: list[int] = []
        starts = []
        names = dict(self.names)
        for number, block in enumerate(blocks):
            starts.append(len(self.uses))
            with self.guard(()):
                self.read(block)
            if not self.lacking(starts[-1]):
                whole.append(number)
                names = names if whole[1:] else dict(self.names)
        if whole and len(whole) < len(blocks):
            self.names = names
            for number, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True)):
                if number not in whole:
                    self.make_optional(start, end)

    def lacking(self, start: int) -> list[int]:
        """Return the numbers of the uses from ``start`` on that this vLLM lacks, unguarded."""
        return [
            number
            for number, use in enumerate(self.uses[start:], start)
            if not use.optional and use.kind not in ADDITIONS and self.has(use.symbol_path) is False
        ]

    def make_optional(self, start: int, end: int | None = None) -> None:
        self.uses[start:end] = [use._replace(optional=True) for use in self.uses[start:end]]

    def visit_Try(self, node: ast.Try) -> None:
        recovering = [handler for handler in node.handlers if guards.recovers(handler)]
        caught = [error for each in recovering for error in guards.exceptions_in(each.type)]
        start, shown = len(self.uses), set(self.flags)
        failed = self.read_guarded(node.body, tuple(caught))
        if failed is None:
            with self.guard(()):
                self.read(node.orelse)
            guards_vllm = start < len(self.uses)
            if not guards_vllm:
                self.flags = {name: self.flags[name] for name in shown & set(self.flags)}
            for handler in node.handlers:
                self.read_unneeded(handler, guards_vllm)
        else:
            error = self.uses[failed].error_without(self.package.release)
            handler = next(
                each for each in recovering if issubclass(error, guards.exceptions_in(each.type))
            )
            end = len(self.uses)
            with self.guard(()):
                self.read(handler.body)
            if not self.lacking(end):
                self.make_optional(failed, end)
        self.read(node.finalbody)

    def visit_TryStar(self, node: Any) -> None:
        self.visit_Try(node)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item)
        failed = self.read_guarded(node.body, guards.suppressed_by(node))
        if failed is not None:
            self.make_optional(failed)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        self.visit_With(node)

    def read_guarded(
        self, block: list[ast.stmt], caught: tuple[type[BaseException], ...]
    ) -> int | None:
        """Read a block up to a use that fails and is ``caught``; return its number, or None."""
        if not caught:
            self.read(block)
            return None
        with self.guard(caught):
            for statement in block:
                start, names, flags = len(self.uses), dict(self.names), dict(self.flags)
                self.visit(statement)
                for number in self.lacking(start):
                    error = self.uses[number].error_without(self.package.release)
                    if issubclass(error, caught):
                        # A statement that fails binds no names.
                        self.names, self.flags = names, flags
                        return number
        return None

    def read_unneeded(self, handler: ast.ExceptHandler, guards_vllm: bool) -> None:
        """Read an ``except`` whose ``try`` finds all it needs: only another failure leads there."""
        caught = guards.exceptions_in(handler.type)
        imports_only = caught and all(issubclass(each, ImportError) for each in caught)
        if imports_only and guards_vllm:
            return
        names, flags = dict(self.names), dict(self.flags)
        start = len(self.uses)
        self.read(handler.body)
        if guards_vllm and issubclass(AttributeError, caught):
            self.make_optional(start)
        self.names, self.flags = names, flags

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        decided = isinstance(node.op, ast.Or)
        for value in node.values:
            self.visit(value)
            if self.truth(value) is decided:
                return

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        truth = self.truth(node.test)
        if truth is not False:
            self.visit(node.body)
        if truth is not True:
            self.visit(node.orelse)
