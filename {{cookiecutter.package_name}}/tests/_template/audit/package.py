"""Reads all files of a package for what they use of vLLM. No need to edit this file."""

import ast
from dataclasses import dataclass, field
from pathlib import Path

from reader import Reader
from syntax import (
    classes_in,
    classes_in_table,
    last_name,
    names_in_class,
    registered_by,
    strings_in,
    tree_of,
)
from uses import OwnClass, Release, UnreadablePackage, Use

# Functions that give an object an attribute, as an assignment does.
SETTERS = ("setattr", "register_parameter", "register_buffer", "add_module", "register_module")


@dataclass
class Package:
    """All files of a package, read as they would run on one vLLM."""

    folder: Path
    release: Release
    uses: list[Use] = field(default_factory=list)
    # The names of the classes that it registers as models, as far as they can be told.
    models: list[str] = field(default_factory=list)
    classes: list[OwnClass] = field(default_factory=list)
    readers: dict[Path, Reader] = field(default_factory=dict)
    # The attributes that it gives to any object, those of its own classes, and its base classes.
    given: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    extended: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        files = sorted(self.folder.rglob("*.py"))
        if not files:
            raise UnreadablePackage(f"{self.folder} holds no Python package")
        trees = {file: tree_of(file) for file in files}
        for tree in trees.values():
            self.look_over(tree)
        defined = {name for tree in trees.values() for name in classes_in(tree)}
        stated = classes_in_table(trees.get(self.folder / "about.py"), "ARCHITECTURES")
        # Other names are those of variables.
        self.models = stated or [name for name in self.models if name in defined]
        for file, tree in trees.items():
            self.read(file, tree)
        self.uses = [use for file in files for use in self.readers[file].uses]
        self.classes = [each for file in files for each in self.readers[file].defined]

    def look_over(self, tree: ast.Module) -> None:
        """Note which attributes the package gives to objects, and which models it registers."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                of_self = ast.unparse(node.value) in ("self", "cls")
                (self.own if of_self else self.given).add(node.attr)
            elif isinstance(node, ast.ClassDef):
                self.extended.update(ast.unparse(base).split("[")[0] for base in node.bases)
                self.own.update(names_in_class(node))
            elif isinstance(node, ast.Call):
                function = last_name(node.func)
                if function in SETTERS:
                    self.given.update(strings_in(node))
                elif function == "register_model":
                    self.models += registered_by(node, tree)

    def read(self, file: Path, tree: ast.Module | None = None) -> Reader:
        """Return the reader of a file, which has read it."""
        if file not in self.readers:
            reader = Reader(self, file.relative_to(self.folder).as_posix())
            self.readers[file] = reader
            reader.read((tree or tree_of(file)).body)
        return self.readers[file]

    def reader_of(self, importer: str, module: str | None, level: int) -> Reader | None:
        """Return the reader of the module of this package that one of its files imports from."""
        names = (module or "").split(".")
        if level:
            start = self.folder.joinpath(importer)
            for _ in range(level):
                start = start.parent
        elif names[0] == self.folder.name:
            start, names = self.folder, names[1:]
        else:
            return None
        path = start.joinpath(*filter(None, names))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        return self.read(file) if file.is_file() and self.folder in file.parents else None

    def registered(self) -> list[OwnClass]:
        """Return the classes of this package that it registers as models."""
        by_name = {(each.name, each.file): each for each in self.classes}
        names = dict.fromkeys(self.models)
        return [own for name in names for (each, _), own in by_name.items() if each == name]

    def is_optional(self, own: OwnClass) -> bool:
        """Tell whether the package goes on without a class, where its bases are missing."""
        bases = [use for use in self.uses if use.kind == "base" and use.where == own.where]
        return any(use.optional for use in bases)


def uses_of(package: Path, release: Release) -> list[Use]:
    """Return every use in the files of a package, as it would run on a vLLM."""
    return Package(package, release).uses
