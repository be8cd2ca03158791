"""The audit in tests/audit: its reference is up to date, and nothing breaks on the vLLM here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import about

AUDIT = Path(__file__).parent / "audit"
SYMBOLS = json.loads((AUDIT / "reference.json").read_text(encoding="utf-8"))["symbols"]


@pytest.fixture
def uses(monkeypatch):
    monkeypatch.syspath_prepend(AUDIT)
    from uses import uses_of

    return uses_of(Path(about.__file__).parent)


def test_the_reference_holds_what_this_package_uses(uses):
    cure = "python tests/audit --record"
    imported = {use.place for use in uses if use.kind in ("import", "base") and "." in use.place}
    assert imported - set(SYMBOLS) == set(), f"not recorded: {cure}"
    assert set(SYMBOLS) - {use.place for use in uses} == set(), f"no longer used: {cure}"


@pytest.mark.real_vllm
def test_nothing_that_this_package_uses_breaks():
    command = [sys.executable, str(AUDIT)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
