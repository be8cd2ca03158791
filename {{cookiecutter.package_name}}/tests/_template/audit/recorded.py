"""The reference: what this package used of vLLM when it was recorded. No need to edit this file."""

import json
from pathlib import Path

CURE = "write it with --record, on a vLLM that the package works with"


class UnknownReference(Exception):
    """There is no reference yet, or it cannot be read."""


def load(file: Path) -> dict:
    """Return the reference that a file holds. Raises UnknownReference."""
    try:
        reference = json.loads(file.read_text(encoding="utf-8"))
        whole = isinstance(reference["vllm"], str) and isinstance(reference["symbols"], dict)
        if whole and all(isinstance(each, dict) for each in reference["symbols"].values()):
            return reference
        problem = "is no reference"
    except FileNotFoundError:
        raise UnknownReference(f"there is no reference yet, {file} is missing: {CURE}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"cannot be read as a reference ({type(error).__name__}: {error})"
    raise UnknownReference(f"{file} {problem}: {CURE}")


def save(file: Path, reference: dict) -> None:
    """Write a reference. Raises UnknownReference."""
    try:
        file.write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UnknownReference(f"{file} cannot be written: {error.strerror}") from error


class Recorded:
    """The vLLM that a reference was recorded on, as far as the reference tells."""

    def __init__(self, reference: dict) -> None:
        self.version = reference["vllm"]
        self.symbols = reference["symbols"]
        self.unresolved = set(reference.get("unresolved", []))

    def has(self, place: str) -> bool | None:
        if place in self.symbols:
            return True
        return None if place in self.unresolved or "()" in place else False
