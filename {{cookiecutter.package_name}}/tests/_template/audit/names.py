"""Which symbol of vLLM's a name stands for, in a file of the package. No need to edit this file."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import outside
from syntax import last_name, strings_in
from uses import MODULE, Kind, OwnClass, Use

if TYPE_CHECKING:
    from package import Package


@dataclass
class Names(ast.NodeVisitor):
    """What is known while a file is read. Names are followed through assignments."""

    package: "Package"
    file: str
    uses: list[Use] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    # What a guard has shown a name to be: True or False, or None for a name that is None.
    flags: dict[str, bool | None] = field(default_factory=dict)
    classes: dict[str, OwnClass] = field(default_factory=dict)
    # The classes that this file defines.
    defined: list[OwnClass] = field(default_factory=list)
    # The class that is being read. What is assigned to each attribute of self, None if unknown.
    inside: OwnClass | None = None
    own: dict[str, list[str | None]] = field(default_factory=dict)
    # The names that have been bound in the block that is being read.
    bound: set[str] = field(default_factory=set)
    # The methods of vLLM's that the method being read overrides.
    within: tuple[str, ...] = ()
    overrides: dict[ast.AST, tuple[str, ...]] = field(default_factory=dict)
    caught: tuple[type[BaseException], ...] = ()
    # Whether a guard stands around the code being read, and whether that code never runs.
    guarded: bool = False
    muted: bool = False

    def add(
        self, symbol_path: str | None, kind: Kind, node: ast.expr | ast.stmt, **more: Any
    ) -> None:
        if symbol_path and "." in symbol_path and not self.muted:
            use = Use(symbol_path, kind, self.file, node.lineno, **more)
            self.uses.append(use._replace(caught=self.caught, within=self.within))

    def has(self, symbol_path: str | None) -> bool | None:
        return self.package.release.has(symbol_path) if symbol_path else None

    def bind(self, name: str, symbol_path: str | None) -> None:
        """Note what a name stands for from here on."""
        self.names.pop(name, None)
        self.flags.pop(name, None)
        self.classes.pop(name, None)
        self.bound.add(name)
        if symbol_path:
            self.names[name] = symbol_path

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget, at the end, what names stood for inside."""
        before = self.names, self.flags, self.classes
        self.names, self.flags = dict(self.names), dict(self.flags)
        self.classes = dict(self.classes)
        yield
        self.names, self.flags, self.classes = before

    def symbol_path_of(self, node: ast.AST | None) -> str | None:
        """Return the symbol path that an expression stands for, None if it is not vLLM's."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            holder = ast.unparse(node.value)
            if holder == "self" and "self" not in self.names:
                return self.symbol_path_in_self(node.attr)
            if holder == "super()":
                return (
                    self.symbol_path_in_bases(self.inside.bases, node.attr) if self.inside else None
                )
            holders = self.symbol_paths_of_holder(node.value)
            symbol_paths = [f"{each}.{node.attr}" for each in holders]
            there = [each for each in symbol_paths if self.has(each)]
            possible = [each for each in symbol_paths if self.has(each) is not False]
            return next(iter([*there, *possible, *symbol_paths]), None)
        if isinstance(node, ast.Subscript):
            symbol_path = self.symbol_path_of(node.value)
            return symbol_path and f"{symbol_path}[]"
        return self.symbol_path_of_call(node) if isinstance(node, ast.Call) else None

    def symbol_paths_of_holder(self, node: ast.expr) -> list[str]:
        """Return the symbol paths that an expression may stand for: self may have several."""
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self":
            held = self.own.get(node.attr, [])
            if held and None not in held and "self" not in self.names:
                return [symbol_path for symbol_path in held if symbol_path]
        symbol_path = self.symbol_path_of(node)
        return [symbol_path] if symbol_path else []

    def is_mixed(self, node: ast.expr) -> bool:
        """Tell whether it starts from an attribute of self that may be of two classes."""
        start = node
        while isinstance(start, ast.Attribute):
            if ast.unparse(start.value) == "self":
                return len(set(self.own.get(start.attr, []))) > 1
            start = start.value
        return False

    def symbol_path_of_call(self, node: ast.Call) -> str | None:
        function = last_name(node.func)
        if function == "cast" and node.args:
            return self.symbol_path_in_annotation(node.args[0])
        if function == "getattr":
            symbol_path = self.symbol_path_in_getattr(node)
            return None if len(node.args) > 2 and self.has(symbol_path) is False else symbol_path
        if function == "import_module" and (names := strings_in(node)[:1]):
            return names[0] if names[0].split(".")[0] == "vllm" else None
        symbol_path = self.symbol_path_of(node.func)
        return symbol_path and f"{symbol_path}()"

    def symbol_path_in_getattr(self, node: ast.Call) -> str | None:
        """Return the symbol path that getattr() or hasattr() looks at."""
        name = node.args[1] if len(node.args) > 1 else None
        holder = self.symbol_path_of(node.args[0]) if node.args else None
        if not holder or not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            return None
        return f"{holder}.{name.value}"

    def symbol_path_in_self(self, name: str) -> str | None:
        """Return the symbol path of an attribute of self: assigned here, or that of a base."""
        if self.inside is None or name in self.own:
            held = self.own.get(name) or [None]
            return None if None in held else held[0]
        known = name in self.package.own | self.package.given
        return self.symbol_path_in_bases(() if known else self.inside.bases, name) or (
            self.symbol_path_in_bases(self.inside.bases, name, sure=True) if known else None
        )

    def symbol_path_in_bases(
        self, bases: tuple[str | None, ...], name: str, sure: bool = False
    ) -> str | None:
        """Return the symbol path of an attribute of the first base that has it.

        If none has it: None if ``sure``, else that of a base that may have it, or of the first.
        """
        symbol_paths = []
        for base in bases:
            if base is None or (base == MODULE and name in ("__init__", *outside.MODULE)):
                return None
            if base != MODULE:
                symbol_paths.append(f"{base}().{name}")
                if self.has(symbol_paths[-1]):
                    return symbol_paths[-1]
        if sure or name.startswith("__"):
            return None
        unknown = [symbol_path for symbol_path in symbol_paths if self.has(symbol_path) is None]
        return next(iter(unknown + symbol_paths), None)

    def symbol_path_in_annotation(self, node: ast.AST | None) -> str | None:
        """Return the symbol path of a value with this annotation."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return None
        if isinstance(node, ast.BinOp):
            parts = [each for each in (node.left, node.right) if ast.unparse(each) != "None"]
            return self.symbol_path_in_annotation(parts[0]) if len(parts) == 1 else None
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
            head = last_name(node.value)
            if head in ("type", "Type"):
                return self.symbol_path_of(inner)
            wraps = head in ("Optional", "Annotated", "Final", "ClassVar")
            return self.symbol_path_in_annotation(inner if wraps else node.value)
        symbol_path = (
            self.symbol_path_of(node) if isinstance(node, ast.Name | ast.Attribute) else None
        )
        return symbol_path and f"{symbol_path}()"
