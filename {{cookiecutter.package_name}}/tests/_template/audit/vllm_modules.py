"""The modules of one vLLM: their text, and their syntax trees by griffe. No need to edit this file.

Nothing of vLLM is imported.
"""

import ast
import re
import sys
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import griffe
from requirements import required_by
from vllm_files import UnknownSource, find

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class ClassLine(NamedTuple):
    """The first line of a class statement."""

    name: str
    # Of each base, the last name, and those of what it is subscripted with.
    bases: frozenset[str]
    file: Path


class Modules:
    """The modules of one vLLM release."""

    def __init__(self, given: str | None, folder: Path) -> None:
        """Read ``given``, or the installed vLLM; unpack it into ``folder`` where need be."""
        self.root, metadata = find(given, folder)
        version = metadata["Version"] if metadata else None
        self.version = str(version or "of unknown version").partition("+")[0]
        # None if unknown.
        self.requires = required_by(metadata) if metadata else None
        # griffe takes the source of a symbol from here.
        self.lines = griffe.LinesCollection()
        self.module = cache(self._module)
        self.nodes = cache(self._nodes)

    def _module(self, name: str) -> griffe.Module | None:
        path = self.root.joinpath(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not file.exists() and not any(path.rglob("*.py")):
            return None
        package, _, last = name.rpartition(".")
        # Relative imports are followed from the package that a module is in.
        parent = self.module(package) if package else None
        code = self.text(file) if file.exists() else ""
        self.lines[file] = code.splitlines()
        try:
            return griffe.visit(
                last, filepath=file, code=code, parent=parent, lines_collection=self.lines
            )
        except SyntaxError as error:
            python = ".".join(map(str, sys.version_info[:2]))
            raise UnknownSource(
                f"{file} is not valid for Python {python} ({error.msg}): use a newer Python"
            ) from error

    def text(self, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise UnknownSource(f"{file} cannot be read: {error}") from error

    @cached_property
    def texts(self) -> dict[Path, str]:
        """The text of every file of vLLM's."""
        return {file: self.text(file) for file in sorted(self.root.glob("vllm/**/*.py"))}

    @cached_property
    def class_lines(self) -> list[ClassLine]:
        """The first line of every class of vLLM's that has bases."""
        pattern = re.compile(r"^[ \t]*class (\w+)\s*\(([^)]*)\)", re.MULTILINE)
        return [
            ClassLine(name, frozenset(re.findall(r"\w+", bases)), file)
            for file, text in self.texts.items()
            for name, bases in pattern.findall(text)
        ]

    def subclasses(self, name: str) -> list[ClassLine]:
        """Return the classes that are derived from one of this name, directly or not."""
        names, size = {name}, 0
        while len(names) > size:
            size = len(names)
            names |= {each.name for each in self.class_lines if names & each.bases}
        return [each for each in self.class_lines if each.name in names - {name}]

    def name_of_module(self, file: Path) -> str:
        parts = file.relative_to(self.root).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    def search(self, name: str) -> list[str]:
        """Return where modules define a class, a function or a constant of this name."""
        pattern = re.compile(
            rf"^((class|def|async def) {re.escape(name)}\b|{re.escape(name)}\s*[:=])", re.MULTILINE
        )
        found = [file for file, text in self.texts.items() if pattern.search(text)]
        return [f"{self.name_of_module(file)}.{name}" for file in found]

    def _nodes(self, file: Path) -> dict[tuple[str, int], Definition]:
        """Return the syntax tree of every class and function of a file, by name and first line."""
        found: dict[tuple[str, int], Definition] = {}
        for node in ast.walk(ast.parse("\n".join(self.lines[file]))):
            if isinstance(node, Definition):
                for line in [node.lineno, *(each.lineno for each in node.decorator_list)]:
                    found[node.name, line] = node
        return found

    def node(self, found: griffe.Object) -> Definition:
        """Return the syntax tree of a class or function."""
        return self.nodes(file_of(found))[found.name, found.lineno or 0]

    def class_node(self, found: griffe.Class) -> ast.ClassDef:
        """Return the syntax tree of a class."""
        node = self.node(found)
        assert isinstance(node, ast.ClassDef)
        return node


def file_of(found: griffe.Object) -> Path:
    """Return the file that a symbol stands in."""
    assert isinstance(found.filepath, Path)
    return found.filepath


def expression(text: object) -> ast.expr:
    """Return the syntax tree of an expression, an empty tuple if the text is none."""
    try:
        return ast.parse(str(text), mode="eval").body
    except SyntaxError:
        return ast.Tuple(elts=[], ctx=ast.Load())


def decorators_of(found: griffe.Object) -> str:
    """Return the decorators of a class or function as text."""
    if not isinstance(found, griffe.Class | griffe.Function):
        return ""
    return " ".join(str(each.value) for each in found.decorators)


def is_static(found: griffe.Object) -> bool:
    """Tell whether a function is a static method."""
    return "staticmethod" in decorators_of(found)
