"""The reference that the audit records: its bytes, what it lacks, and when it cannot be used."""

import json
import sys

import pytest
from audited_project import assert_refused, audit_of
from shared.rendering import run


def test_the_same_source_is_recorded_in_the_same_bytes(project, tmp_path):
    reference = project / "tests" / "_template" / "audit" / "reference.json"
    before = reference.read_bytes()
    run(sys.executable, "tests/_template/audit", tmp_path / "old", "--record", cwd=project)
    assert reference.read_bytes() == before
    symbols = json.loads(before)["symbols"]
    assert list(symbols) == sorted(symbols)
    assert symbols["vllm.layers.Linear"]["parameters"] == [
        "size: int",
        "bias: bool = True",
        "*",
        "prefix: str = ''",
    ]


CURE = "write it with --record, on a vLLM that the package works with"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, f"there is no reference yet, .*/reference.json is missing: {CURE}"),
        ("", f".*/reference.json cannot be read as a reference .JSONDecodeError: .*: {CURE}"),
        ("[]", f".*/reference.json cannot be read as a reference .TypeError: .*: {CURE}"),
        ("{}", f".*/reference.json cannot be read as a reference .KeyError: .*: {CURE}"),
        ('{"vllm": "1", "symbols": []}', f".*/reference.json is not a reference: {CURE}"),
        (
            '{"vllm": "1", "symbols": {"vllm.x": 1}}',
            f".*/reference.json is not a reference: {CURE}",
        ),
    ],
)
def test_a_reference_that_is_missing_or_broken_is_refused(project, tmp_path, text, message):
    reference = project / "tests" / "_template" / "audit" / "reference.json"
    reference.unlink()
    if text is not None:
        reference.write_text(text)
    assert_refused(audit_of(project, tmp_path / "old"), message)
    result = audit_of(project, tmp_path / "old", "--record")
    assert result.returncode == 0, result.stderr
    assert audit_of(project, tmp_path / "old").returncode == 0


def test_a_reference_that_cannot_be_written_is_refused(project, tmp_path):
    reference = project / "tests" / "_template" / "audit" / "reference.json"
    reference.unlink()
    reference.mkdir()
    message = ".*/reference.json cannot be written: Is a directory"
    assert_refused(audit_of(project, tmp_path / "old", "--record"), message)


def test_what_is_not_there_is_named_when_it_is_recorded(project, tmp_path):
    with (project / "plugin" / "model.py").open("a") as file:
        file.write("\nprint(Registry.never, rope(1).absent.y, Linear(1).forward(2).z)\n")
    expected = "rope().absent does not exist; used in model.py:"
    recorded = audit_of(project, tmp_path / "old", "--record", "--unresolved")
    for result in (recorded, audit_of(project, tmp_path / "old", "--unresolved")):
        assert result.returncode == 1
        assert f"vLLM 1.0: {expected}" in result.stdout
        assert "vLLM 1.0: Registry.never does not exist" in result.stdout
        assert "Used in a way that cannot be followed: 1." in result.stdout
        line = "- Linear().forward(): vLLM's source does not tell what holds it; used in model.py:"
        assert line in result.stdout
    shorter = audit_of(project, tmp_path / "old").stdout
    assert "Used in a way that cannot be followed: 1; see --unresolved." in shorter
    assert "Linear().forward()" not in shorter


def test_what_the_reference_lacks_is_counted(project, tmp_path):
    with (project / "plugin" / "model.py").open("a") as file:
        file.write("\nfrom vllm.base import Layer\nprint(Layer().start())\n")
    result = audit_of(project, tmp_path / "old")
    assert "Not in the reference, so that changes are not seen: 2; see --record." in result.stdout
    assert result.returncode == 0
