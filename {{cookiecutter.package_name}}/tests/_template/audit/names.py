"""What names stand for in a file: the places of vLLM that they come from. No need to edit this."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import outside
from uses import MODULE, OwnClass, Use, strings_in

if TYPE_CHECKING:
    from package import Package


@dataclass
class Names(ast.NodeVisitor):
    """What is known while a file is read. What a name stands for is followed through assignments."""

    package: "Package"
    file: str
    uses: list[Use] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    # What a guard has shown a name to be: True or False, or None for a name that is None.
    flags: dict[str, bool | None] = field(default_factory=dict)
    classes: dict[str, OwnClass] = field(default_factory=dict)
    # The classes that this file defines, and in which line.
    defined: dict[str, int] = field(default_factory=dict)
    # The class that is being read, and all that is assigned to attributes of self, None if unknown.
    inside: OwnClass | None = None
    own: dict[str, list[str | None]] = field(default_factory=dict)
    # The names that have been bound in the block that is being read.
    bound: set[str] = field(default_factory=set)
    # The methods that are overridden by the one that is being read.
    within: tuple[str, ...] = ()
    overrides: dict[ast.AST, tuple[str, ...]] = field(default_factory=dict)
    caught: tuple[type[BaseException], ...] = ()
    # Whether a guard stands around what is read, and whether what is read never runs.
    guarded: bool = False
    muted: bool = False

    def add(self, place: str | None, kind: str, node: ast.expr | ast.stmt, **more: Any) -> None:
        if place and "." in place and not self.muted:
            use = Use(place, kind, self.file, node.lineno, **more)
            self.uses.append(use._replace(caught=self.caught, within=self.within))

    def has(self, place: str | None) -> bool | None:
        return self.package.release.has(place) if place else None

    def bind(self, name: str, place: str | None) -> None:
        """Note what a name stands for from here on."""
        self.names.pop(name, None)
        self.flags.pop(name, None)
        self.classes.pop(name, None)
        self.bound.add(name)
        if place:
            self.names[name] = place

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget, at the end, what names stood for inside."""
        before = self.names, self.flags, self.classes
        self.names, self.flags = dict(self.names), dict(self.flags)
        self.classes = dict(self.classes)
        yield
        self.names, self.flags, self.classes = before

    def place_of(self, node: ast.AST | None) -> str | None:
        """Return what an expression stands for, None if that is not vLLM's."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            holder = ast.unparse(node.value)
            if holder == "self" and "self" not in self.names:
                return self.place_in_self(node.attr)
            if holder == "super()":
                return self.place_in_bases(self.inside.bases, node.attr) if self.inside else None
            holders = self.places_of_holder(node.value)
            places = [f"{each}.{node.attr}" for each in holders]
            there = [each for each in places if self.has(each)]
            possible = [each for each in places if self.has(each) is not False]
            return next(iter([*there, *possible, *places]), None)
        if isinstance(node, ast.Subscript):
            place = self.place_of(node.value)
            return place and f"{place}[]"
        return self.place_of_call(node) if isinstance(node, ast.Call) else None

    def places_of_holder(self, node: ast.expr) -> list[str]:
        """Return what an expression stands for; several, if self is assigned one or the other."""
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self":
            held = self.own.get(node.attr, [])
            if held and None not in held and "self" not in self.names:
                return [place for place in held if place]
        place = self.place_of(node)
        return [place] if place else []

    def is_mixed(self, node: ast.expr) -> bool:
        """Tell whether an expression starts from an attribute of self that is of several classes."""
        start = node
        while isinstance(start, ast.Attribute):
            if ast.unparse(start.value) == "self":
                return len(set(self.own.get(start.attr, []))) > 1
            start = start.value
        return False

    def place_of_call(self, node: ast.Call) -> str | None:
        function = ast.unparse(node.func).split(".")[-1]
        if function == "cast" and node.args:
            return self.place_in_annotation(node.args[0])
        if function == "getattr":
            place = self.place_in_getattr(node)
            return None if len(node.args) > 2 and self.has(place) is False else place
        if function == "import_module" and (names := strings_in(node)[:1]):
            return names[0] if names[0].split(".")[0] == "vllm" else None
        place = self.place_of(node.func)
        return place and f"{place}()"

    def place_in_getattr(self, node: ast.Call) -> str | None:
        """Return the place that getattr() or hasattr() looks at."""
        name = node.args[1] if len(node.args) > 1 else None
        holder = self.place_of(node.args[0]) if node.args else None
        if not holder or not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            return None
        return f"{holder}.{name.value}"

    def place_in_self(self, name: str) -> str | None:
        """Return what an attribute of self is: assigned here, or of the first base that has it."""
        if self.inside is None or name in self.own:
            held = self.own.get(name) or [None]
            return None if None in held else held[0]
        known = name in self.package.own | self.package.given
        return self.place_in_bases(() if known else self.inside.bases, name) or (
            self.place_in_bases(self.inside.bases, name, sure=True) if known else None
        )

    def place_in_bases(
        self, bases: tuple[str | None, ...], name: str, sure: bool = False
    ) -> str | None:
        """Return an attribute of the first base that has it; if ``sure``, None if none has.

        Otherwise that of a base that may have it, or of the first base, if all are known.
        """
        places = []
        for base in bases:
            if base is None or (base == MODULE and name in ("__init__", *outside.MODULE)):
                return None
            if base != MODULE:
                places.append(f"{base}().{name}")
                if self.has(places[-1]):
                    return places[-1]
        if sure or name.startswith("__"):
            return None
        unknown = [place for place in places if self.has(place) is None]
        return next(iter(unknown + places), None)

    def place_in_annotation(self, node: ast.AST | None) -> str | None:
        """Return what an annotation says that a value is."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return None
        if isinstance(node, ast.BinOp):
            parts = [each for each in (node.left, node.right) if ast.unparse(each) != "None"]
            return self.place_in_annotation(parts[0]) if len(parts) == 1 else None
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
            head = ast.unparse(node.value).split(".")[-1]
            if head in ("type", "Type"):
                return self.place_of(inner)
            wraps = head in ("Optional", "Annotated", "Final", "ClassVar")
            return self.place_in_annotation(inner if wraps else node.value)
        place = self.place_of(node) if isinstance(node, ast.Name | ast.Attribute) else None
        return place and f"{place}()"
