"""The audit beside this file: its reference is up to date, and nothing breaks on the vLLM here."""

import subprocess
import sys
from pathlib import Path

import pytest
from _template.fixture_skips import lacked, reason

from {{ cookiecutter.package_name }} import about, register

AUDIT = Path(__file__).parent / "audit"


def begins_with(symbol_path: str, symbol: str) -> bool:
    """Tell whether a symbol path is that of a symbol, or leads on from there."""
    further = (f"{symbol}.", f"{symbol}(", f"{symbol}[")
    return symbol_path == symbol or symbol_path.startswith(further)


def test_the_reference_holds_what_this_package_uses(monkeypatch):
    monkeypatch.syspath_prepend(AUDIT)
    from package import uses_of
    from recorded import Recorded, load

    recorded = Recorded(load(AUDIT / "reference.json"))
    uses = uses_of(Path(about.__file__).parent, recorded)
    # Of alternatives, such as a try and its except ImportError, those that were recorded.
    imports = [use for use in uses if use.kind in ("import", "base") and not use.optional]
    new = {use.symbol_path for use in imports if recorded.has(use.symbol_path) is False}
    cure = "python tests/_template/audit --record"
    # What a step of register() uses is recorded where the step can be tried.
    if new:
        register()
    lacking = tuple(f"{name}." for name in lacked())
    if lacking and all(f"{symbol_path}.".startswith(lacking) for symbol_path in new):
        pytest.skip(f"{', '.join(sorted(new))} is not recorded: {reason(lacked())}")
    assert new == set(), f"not recorded: {cure}"
    used = {use.symbol_path for use in uses}
    old = {
        symbol for symbol in recorded.symbols if not any(begins_with(each, symbol) for each in used)
    }
    assert old == set(), f"no longer used: {cure}"


@pytest.mark.real_vllm
def test_nothing_that_this_package_uses_breaks():
    # What it prints pytest shows.
    assert subprocess.run([sys.executable, str(AUDIT)], timeout=600).returncode == 0
