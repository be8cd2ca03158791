"""What is kept of a package: each use of vLLM, and each class. No need to edit this file.

A *symbol path* tells which symbol of vLLM's is used: ``vllm.config.VllmConfig().model_config``. It
begins with the name that is imported. ``()`` stands for what a call or an annotation gives, ``[]``
for an item, and a name for an attribute.
"""

import ast
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

Kind = Literal["import", "base", "call", "read", "write", "override"]
Method = ast.FunctionDef | ast.AsyncFunctionDef
# Stands among the bases of a class for torch.nn.Module.
MODULE = "Module"
# Uses that break nothing if vLLM has never had the symbol: the package adds it.
ADDITIONS = ("override", "write")


class UnreadablePackage(Exception):
    """A folder holds no package, or a file of the package is not valid Python."""


class Release(Protocol):
    """What the audit must know of a vLLM to read a package as it would run there."""

    version: str

    def has(self, symbol_path: str) -> bool | None:
        """Tell whether this vLLM has a symbol; None if that cannot be told."""


class Arguments(NamedTuple):
    """What a call passes."""

    positional: int = 0
    keywords: tuple[str, ...] = ()
    # Whether it passes * or ** too, so that nobody can tell what it leaves out.
    unpacks: bool = False


class Required(NamedTuple):
    """The names of the arguments, without self, that a caller of a method must pass."""

    in_order: tuple[str, ...] = ()
    by_keyword: tuple[str, ...] = ()


class Use(NamedTuple):
    """One use of one symbol of vLLM's."""

    symbol_path: str
    # A "write" assigns to the symbol, an "override" defines a method of the same name.
    kind: Kind
    file: str
    line: int
    # Of a call.
    passed: Arguments = Arguments()
    # Of an override.
    required: Required = Required()
    # Of an import: the module that is imported from.
    module: str = ""
    # Whether the package goes on without the symbol, and what it catches around the use.
    optional: bool = False
    caught: tuple[type[BaseException], ...] = ()
    # The use stands in a method that overrides these methods of vLLM's.
    within: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    def error_without(self, release: Release) -> type[BaseException]:
        """Return the exception that Python raises where a vLLM lacks the symbol."""
        if self.kind != "import":
            return AttributeError
        found = self.module and release.has(self.module)
        return ImportError if found else ModuleNotFoundError


@dataclass(frozen=True, eq=False)
class OwnClass:
    """A class that the package defines."""

    name: str
    file: str
    line: int
    # In the order of the class statement: classes of the package, symbol paths of vLLM's classes,
    # MODULE, and None for any other class.
    parents: tuple["OwnClass | str | None", ...] = ()
    own_methods: dict[str, Method] = field(default_factory=dict)
    # The names that its body gives a value.
    defined: frozenset[str] = frozenset()
    # Whether it says itself that it is abstract.
    abstract: bool = False

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def bases(self) -> tuple[str | None, ...]:
        """Its bases that are not the package's, also those of its parents, nearest first."""
        flat: list[str | None] = []
        for parent in self.parents:
            flat += parent.bases if isinstance(parent, OwnClass) else [parent]
        return tuple(dict.fromkeys(flat))

    @property
    def methods(self) -> dict[str, Method]:
        """Its methods, and those of its parents in the package."""
        inherited: dict[str, Method] = {}
        for parent in reversed(self.parents):
            if isinstance(parent, OwnClass):
                inherited |= parent.methods
        return inherited | self.own_methods
