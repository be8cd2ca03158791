"""The audit beside this file: its reference is up to date, and nothing breaks on the vLLM here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from _template.fixture_skips import lacked, reason

from {{ cookiecutter.package_name }} import about, register

AUDIT = Path(__file__).parent / "audit"
REFERENCE = json.loads((AUDIT / "reference.json").read_text(encoding="utf-8"))


def is_in(symbol: str, place: str) -> bool:
    """Tell whether a symbol is what stands at a place, or a part of the way there."""
    return place == symbol or place.startswith((f"{symbol}.", f"{symbol}(", f"{symbol}["))


def test_the_reference_holds_what_this_package_uses(monkeypatch):
    monkeypatch.syspath_prepend(AUDIT)
    from package import uses_of
    from recorded import Recorded

    recorded = Recorded(REFERENCE)
    uses = uses_of(Path(about.__file__).parent, recorded)
    # Of alternatives, such as a try and its except ImportError, those that were recorded.
    needed = {use.place for use in uses if use.kind in ("import", "base") and not use.optional}
    cure = "python tests/_template/audit --record"
    new = {place for place in needed if recorded.has(place) is False}
    # What a step of register() uses is recorded where the step can be tried.
    if new:
        register()
    lacking = tuple(f"{name}." for name in lacked())
    if lacking and all(f"{place}.".startswith(lacking) for place in new):
        pytest.skip(f"{', '.join(sorted(new))} is not recorded: {reason(lacked())}")
    assert new == set(), f"not recorded: {cure}"
    places = {use.place for use in uses}
    old = {each for each in recorded.symbols if not any(is_in(each, place) for place in places)}
    assert old == set(), f"no longer used: {cure}"


@pytest.mark.real_vllm
def test_nothing_that_this_package_uses_breaks():
    # What it prints pytest shows.
    assert subprocess.run([sys.executable, str(AUDIT)], timeout=600).returncode == 0
