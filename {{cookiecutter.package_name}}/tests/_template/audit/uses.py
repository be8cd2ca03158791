"""What a package uses of vLLM, read from its syntax trees. No need to edit this file.

A use has a *place*, such as ``vllm.config.VllmConfig().model_config.hf_config``: where the name
comes from, ``()`` for what a call or an annotation gives, ``[]`` for an item, and the attributes
read from there. The package is read as it would run on one vLLM: of alternatives, such as a
``try`` and its ``except ImportError``, the one that this vLLM leads to.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple, Protocol

# How vLLM is told of a class that it is to import later: module:Class.
LAZY = re.compile(r"[\w.]+:([A-Za-z_]\w*)$")
# Stands among the bases of a class for a base that adds nothing of vLLM's: torch.nn.Module.
MODULE = "Module"
# A use that breaks nothing if vLLM has never had it: the package adds it.
ADDITIONS = ("override", "write")


class UnreadablePackage(Exception):
    """There is no package in a folder, or a file of it is not valid Python."""


class Release(Protocol):
    """What must be known of a vLLM to read a package as it would run there."""

    version: str

    def has(self, place: str) -> bool | None:
        """Tell whether there is something at a place; None if that cannot be told."""


class Use(NamedTuple):
    """One use of one symbol of vLLM's.

    Its kind is import, base, call, read, write (an assignment to it), override, or model: a whole
    class that vLLM is to build a model from.
    """

    place: str
    kind: str
    file: str
    line: int
    positional: int = 0
    # The keywords that a call passes; the arguments that an overriding method requires.
    keywords: tuple[str, ...] = ()
    # Whether a call passes * or **, so that what it lacks cannot be known.
    unpacks: bool = False
    # Whether the package goes on without it, and what it catches where it stands.
    optional: bool = False
    caught: tuple[type[BaseException], ...] = ()
    # The methods of vLLM's that the method overrides in which it stands.
    within: tuple[str, ...] = ()
    # Of an import: the module that is imported from.
    module: str = ""
    # Of a model: its bases, and its methods with the arguments that they require.
    bases: tuple[str | None, ...] = ()
    methods: dict[str, tuple[str, ...]] = {}

    def error_without(self, release: Release) -> type[BaseException]:
        """Return what Python raises where a vLLM lacks this."""
        if self.kind != "import":
            return AttributeError
        found = self.module and release.has(self.module)
        return ImportError if found else ModuleNotFoundError


class OwnClass(NamedTuple):
    """A class of the package's own, with those of its bases that are the package's own too."""

    # Its vLLM bases as places, nearest first; None for a base of unknown attributes.
    bases: tuple[str | None, ...]
    methods: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]


def tree_of(file: Path) -> ast.Module:
    """Return the syntax tree of a file of the package."""
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise UnreadablePackage(f"{file} is not valid Python: {error}") from error


def classes_in_table(tree: ast.Module | None, name: str) -> list[str]:
    """Return the classes in a table that a module assigns to ``name``, as key: "module:Class"."""
    for node in tree.body if tree else []:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        table = getattr(node, "value", None)
        if ast.unparse(targets[0] or []) == name and isinstance(table, ast.Dict):
            values = [value.value for value in table.values if isinstance(value, ast.Constant)]
            return [value.rpartition(":")[2] for value in values if isinstance(value, str)]
    return []


def classes_in(tree: ast.Module) -> list[str]:
    """Return the names of the classes that a module defines."""
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef)]


def strings_in(node: ast.AST) -> list[str]:
    """Return all strings in an expression."""
    constants = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return [value for value in constants if isinstance(value, str)]


def names_in_class(node: ast.ClassDef) -> list[str]:
    """Return what the body of a class defines."""
    names = []
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(each.name)
        elif isinstance(each, ast.Assign | ast.AnnAssign):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def registered_by(call: ast.Call, tree: ast.Module) -> list[str]:
    """Return the class that a call of register_model() names, or else what it may name."""
    values = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "model_cls")]
    named = [match[1] for each in values for match in map(LAZY.search, strings_in(each)) if match]
    everywhere = [match[1] for match in map(LAZY.fullmatch, strings_in(tree)) if match]
    return named or [*map(ast.unparse, values[:1]), *everywhere]


def required_arguments(method: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """Return the names of the arguments, but for self, that a caller must give.

    Those that must be given by keyword have a star.
    """
    arguments = [*method.args.posonlyargs, *method.args.args]
    optional = len(method.args.defaults)
    by_keyword = zip(method.args.kwonlyargs, method.args.kw_defaults, strict=True)
    named = [f"*{argument.arg}" for argument, default in by_keyword if default is None]
    return (*(a.arg for a in arguments[1 : len(arguments) - optional]), *named)
