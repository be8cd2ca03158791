"""Each kind that is not a model: its own tests catch each break, and its doctor names each fault."""

from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from installed_package import (
    Finding,
    Installed,
    assert_clean,
    assert_pages_are_clean,
    assert_typed,
    install,
    proof_of,
)
from shared.rendering import MODELS, PARTS, RULES, settings_of

MODEL = MODELS[0]
# What is alone is looked at by test_clean.py. In both ways beside a model, and beside another part.
PAIRS = [
    *({"kind": kind, "also": MODEL} for kind in PARTS),
    *({"kind": MODEL, "also": kind} for kind in PARTS),
    *({"kind": kind, "also": PARTS[0]} for kind in PARTS[1:]),
]
ALL = [
    {"kind": MODEL, "also": ",".join(PARTS)},
    {"kind": PARTS[0], "also": ",".join([MODEL, *PARTS[1:]])},
]


@pytest.mark.parametrize("kind", PARTS)
def test_the_pages_of_a_package_with_it_alone_are_clean(render, kind):
    assert_pages_are_clean(render(kind=kind))


@pytest.mark.parametrize("answers", PAIRS, ids=lambda answers: ",".join(answers.values()))
def test_a_package_with_it_and_another_is_clean(render, answers):
    assert_clean(render(**answers))


# What the type checker finds in a part does not depend on the one beside it.
@pytest.mark.parametrize("answers", ALL, ids=["a model first", "a part first"])
def test_a_package_with_every_part_is_clean_to_the_type_checker_too(render, answers):
    assert_clean(render(**answers))
    assert_typed(render(**answers))


@pytest.fixture(scope="module")
def installed_once(tmp_path_factory) -> Callable[[str], Installed]:
    """A function that installs a kind alone, once for all tests of it."""
    return cache(lambda kind: install(tmp_path_factory.mktemp(kind), kind=kind))


@pytest.fixture
def installed(installed_once, kind) -> Installed:
    return installed_once(kind)


each_kind = pytest.mark.parametrize("kind", PARTS)


def each_of(file: str, stated: str):
    """Run a test for each kind and each change that its proof states under a name."""
    pairs = [(kind, name) for kind in PARTS for name in proof_of(kind, file, stated)]
    return pytest.mark.parametrize(("kind", "name"), pairs)


@each_kind
def test_every_break_and_every_fault_fits_its_file(render, kind):
    package = render(kind=kind)
    stated = [("mutations.py", "MUTATIONS"), ("faults.py", "FAULTS"), ("faults.py", "WARNINGS")]
    for file, old, new, *_ in chain(*(proof_of(kind, *each).values() for each in stated)):
        text = (package / package.name / file).read_text(encoding="utf-8")
        assert (text.count(old), old != new) == (1, True), (file, old)


@each_kind
@pytest.mark.breaks
def test_the_tests_pass_without_a_break(installed, kind):
    result = installed.run_tests_of(kind)
    assert result.returncode == 0, result.stdout


@pytest.mark.breaks
@each_of("mutations.py", "MUTATIONS")
def test_the_tests_catch_a_break(installed, kind, tmp_path, name):
    broken = installed.changed(tmp_path, *proof_of(kind, "mutations.py", "MUTATIONS")[name])
    result = broken.run_tests_of(kind)
    assert result.returncode == 1, result.stdout


def findings(installed: Installed, kind: str, folder: Path) -> list[Finding]:
    # What vLLM has cached on this machine is not looked at.
    part = RULES["room"](kind)["doctor"]
    settings = settings_of(installed.project, folder)
    return installed.findings(part, VLLM_CACHE_ROOT=str(folder), **settings)


@each_kind
def test_the_doctor_finds_no_fault_where_there_is_none(installed, kind, tmp_path):
    assert [level for level, _, _ in findings(installed, kind, tmp_path)] == ["ok"]


def assert_named(installed: Installed, kind: str, folder: Path, fault: tuple, level: str) -> None:
    """Assert that the doctor finds a fault and nothing else, with its word and a cure."""
    *change, word = fault
    found = findings(installed.changed(folder, *change), kind, folder / "cache")
    # A class that can be imported may still lack something.
    usual = ("can be imported.", "can be used.")
    *fine, (how_bad, text, cure) = found
    assert all(level == "ok" and each.endswith(usual) for level, each, _ in fine), found
    assert how_bad == level
    assert word in text
    assert cure


@each_of("faults.py", "FAULTS")
def test_the_doctor_names_a_fault(installed, kind, tmp_path, name):
    assert_named(installed, kind, tmp_path, proof_of(kind, "faults.py", "FAULTS")[name], "problem")


@each_of("faults.py", "WARNINGS")
def test_the_doctor_warns_of_what_only_lacks(installed, kind, tmp_path, name):
    assert_named(
        installed, kind, tmp_path, proof_of(kind, "faults.py", "WARNINGS")[name], "warning"
    )
