"""The files of tests stand by themselves: none imports another, and no two have one name."""

import ast
from collections import Counter
from pathlib import Path

from shared.rendering import ROOT

FILES = sorted((ROOT / "tests").rglob("*.py"))


def imported_by(file: Path) -> set[str]:
    """Return the modules that a file imports, also inside functions."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_no_test_imports_another():
    assert len(FILES) > 60
    tests = {file.stem for file in FILES if file.name.startswith("test_")}
    assert {file.name: found for file in FILES if (found := imported_by(file) & tests)} == {}


def test_no_two_modules_have_one_name():
    """Pytest imports each by its name alone: of two it would take one for the other."""
    names = Counter(file.name for file in FILES if file.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []
