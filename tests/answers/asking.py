"""Run cookiecutter as from a shell, and see what it refuses."""

import sys
from pathlib import Path

from shared.rendering import ROOT, result_of

COOKIECUTTER = [sys.executable, "-m", "cookiecutter", str(ROOT), "-o"]


def assert_says(line: str, field: str, answer: str, advice: str) -> None:
    assert line.startswith(f"Error: {field} = {answer!r} ")
    assert advice in line
    assert len(line.splitlines()) == 1


def cookiecutter(folder: Path, *arguments: str, typed: str | None = None):
    """Run cookiecutter as from a shell, writing into ``folder``."""
    command = [*COOKIECUTTER, str(folder), *arguments]
    return result_of(*command, typed=typed)


def assert_refused(result, folder: Path, field: str, answer: str, advice: str) -> None:
    assert result.returncode == 1
    assert_says(result.stderr, field, answer, advice)
    assert list(folder.iterdir()) == []
