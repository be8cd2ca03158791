"""The reference: what this package used of vLLM when it was recorded. No need to edit this file."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from requirements import Requirements

CURE = "write it with --record, on a vLLM that the package works with"


class UnknownReference(Exception):
    """There is no reference yet, or it cannot be read or written."""


class Symbol(NamedTuple):
    """How a symbol of vLLM's looks. What a symbol of its sort does not have is None."""

    # The dotted path of its definition.
    at: str = ""
    bases: list[str] | None = None
    returns: str | None = None
    # One text for each, as in signatures.py; None also where they cannot be told.
    parameters: list[str] | None = None
    value: str | None = None
    digest: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in self._asdict().items() if value is not None}


class Reference(NamedTuple):
    """What a package used of one vLLM."""

    vllm: str
    # None if vLLM's metadata was not found.
    requires: Requirements | None
    # By symbol path.
    symbols: dict[str, Symbol]
    # The symbol paths that could not be followed to their end.
    unresolved: list[str]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Reference":
        """Return a reference from the contents of its file. Raises KeyError or TypeError."""
        symbols = {
            symbol_path: Symbol(**{name: looks.get(name) for name in Symbol._fields})
            for symbol_path, looks in data["symbols"].items()
        }
        return cls(str(data["vllm"]), data.get("requires"), symbols, data.get("unresolved", []))

    def as_json(self) -> dict[str, Any]:
        symbols = {symbol_path: looks.as_json() for symbol_path, looks in self.symbols.items()}
        return self._asdict() | {"symbols": symbols}


def load(file: Path) -> Reference:
    """Return the reference that a file holds. Raises UnknownReference."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        whole = isinstance(data["vllm"], str) and isinstance(data["symbols"], dict)
        if whole and all(isinstance(each, dict) for each in data["symbols"].values()):
            return Reference.from_json(data)
        problem = "is not a reference"
    except FileNotFoundError:
        raise UnknownReference(f"there is no reference yet, {file} is missing: {CURE}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"cannot be read as a reference ({type(error).__name__}: {error})"
    raise UnknownReference(f"{file} {problem}: {CURE}")


def save(file: Path, reference: Reference) -> None:
    """Write a reference. Raises UnknownReference."""
    try:
        text = json.dumps(reference.as_json(), indent=1)
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UnknownReference(f"{file} cannot be written: {error.strerror}") from error


class Recorded:
    """The vLLM that a reference was recorded on, as far as the reference tells."""

    def __init__(self, reference: Reference) -> None:
        self.version = reference.vllm
        self.symbols = reference.symbols
        self.unresolved = set(reference.unresolved)

    def has(self, symbol_path: str) -> bool | None:
        if symbol_path in self.symbols:
            return True
        return None if symbol_path in self.unresolved or "()" in symbol_path else False
