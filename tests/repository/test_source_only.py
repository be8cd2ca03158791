"""A release without a build for CPUs runs as its Python source over another's compiled part, marked."""

import os
import sys
from pathlib import Path

import matrix
import pytest
from shared import environments, source_only
from shared.environments import lacking_of, lie_on_top, packages_of, refusal_of
from shared.rendering import KINDS, ROOT, SUPPORTED_VLLM, result_of, run

NEWEST = SUPPORTED_VLLM[-1]
HINT = "; its Python source alone can be run, as 99.0.0+source"
UNKNOWN = f"is not in templates/shared/supported_vllm.txt: {', '.join(SUPPORTED_VLLM)}"
IMPORTED = "import vllm, {0}; print(vllm.__file__)"


@pytest.mark.parametrize("version", [*SUPPORTED_VLLM, "99.0.0+source"])
def test_what_is_supported_and_what_is_marked_is_not_refused(version):
    assert refusal_of(version) == ""


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("99.0.0", f"99.0.0 {UNKNOWN}{HINT}"),
        # It has a build, or had one.
        (f"{NEWEST}+source", f"{NEWEST}+source {UNKNOWN}"),
        ("0.10.0+source", f"0.10.0+source {UNKNOWN}"),
        ("0.10.0", f"0.10.0 {UNKNOWN}"),
        ("99.0+source", f"99.0+source {UNKNOWN}"),
        ("99.0.0+cpu", f"99.0.0+cpu {UNKNOWN}"),
        ("../x+source", f"../x+source {UNKNOWN}"),
        ("", f" {UNKNOWN}"),
    ],
)
def test_what_is_neither_is_refused_in_one_line(version, expected):
    assert refusal_of(version) == expected


def test_pytest_refuses_a_release_without_the_mark_before_it_collects():
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", str(Path(__file__))]
    result = result_of(*command, cwd=ROOT, env=os.environ | {"REAL_VLLM": "99.0.0"})
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.strip() == f"ERROR: REAL_VLLM: 99.0.0 {UNKNOWN}{HINT}"
    assert result.stdout == ""


def test_the_tool_refuses_it_and_runs_nothing(monkeypatch, capsys):
    monkeypatch.setattr(matrix, "report_on", lambda *_: pytest.fail("it ran"))
    assert matrix.main([NEWEST, "99.0.0"]) == 2
    assert capsys.readouterr().out == f"99.0.0 {UNKNOWN}{HINT}\n"


@pytest.fixture
def base(tmp_path) -> Path:
    """An environment with a vLLM that has a compiled file, and one package beside it."""
    folder = tmp_path / "base"
    run("uv", "venv", "--python", sys.executable, folder)
    vllm = packages_of(folder) / "vllm"
    (vllm / "deeper").mkdir(parents=True)
    for name in ("__init__.py", "of_the_base.py", "_C.abi3.so", "deeper/x.so"):
        (vllm / name).write_text("")
    (packages_of(folder) / "beside.py").write_text("")
    distribution = packages_of(folder) / "some_thing-1.5.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: some_thing\nVersion: 1.5\n"
    )
    (folder / "bin" / "pytest").write_text("#!python\nimport sys; print(sys.prefix)\n")
    (folder / "complete").write_text("the base")
    return folder


@pytest.fixture
def made(base, tmp_path, monkeypatch) -> Path:
    """The environment of a release that is source only, over that one."""
    source = tmp_path / "source"
    for name, text in {
        "vllm/__init__.py": "",
        "vllm/of_the_release.py": "",
        "vllm/template.jinja": "",
        "requirements/common.txt": "some.thing >= 1.2 # why\n# nothing\nabsent; python_version < '3'\n",
        "PKG-INFO": "Metadata-Version: 2.1\nName: vllm\nVersion: 99.0.0\n\nVersion\n",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path / "environments")
    monkeypatch.setattr(environments, "make_once", lambda version: base / "bin")
    monkeypatch.setattr(environments, "releases", lambda: {"99.0.0": "address"})
    monkeypatch.setattr(environments, "source_of", lambda version, address: source)
    return environments.environment("99.0.0+source").parent


def test_it_has_the_files_of_the_release_and_the_compiled_ones_of_the_base(made):
    vllm = packages_of(made) / "vllm"
    files = {file.relative_to(vllm).as_posix() for file in vllm.rglob("*") if file.is_file()}
    assert {name for name in files if "__pycache__" not in name} == {
        "__init__.py",
        "of_the_release.py",
        "template.jinja",
        "_C.abi3.so",
        "deeper/x.so",
    }


def test_every_process_on_top_of_it_imports_it_and_what_it_stands_on(made, tmp_path):
    top = lie_on_top(tmp_path / "top", made)
    for module in ("beside", "vllm.of_the_release"):
        shown = run(top / "python", "-c", IMPORTED.format(module), cwd=tmp_path).stdout
        assert Path(shown.strip()) == packages_of(made) / "vllm" / "__init__.py"
    assert result_of(top / "python", "-c", "import vllm.of_the_base").returncode == 1
    assert run(top / "pytest").stdout.strip() == str(tmp_path / "top")


def test_by_its_version_it_is_a_build_for_cpus_and_says_that_it_is_source_only(made):
    show = "from importlib.metadata import version; print(version('vllm'))"
    assert run(made / "bin" / "python", "-c", show).stdout == "99.0.0+source.cpu\n"


def test_it_is_made_once_and_again_after_the_base_has_changed(made, base):
    mark = made / "mark"
    mark.touch()
    environments.environment("99.0.0+source")
    assert mark.exists()
    (base / "complete").write_text("another base")
    environments.environment("99.0.0+source")
    assert not mark.exists()


@pytest.mark.usefixtures("made")
def test_a_release_that_is_not_there_is_named():
    with pytest.raises(LookupError, match=r"there is no source of vLLM 98\.0\.0; the newest is 99"):
        environments.environment("98.0.0+source")


def test_what_it_requires_and_the_base_lacks_is_found(base, tmp_path):
    requirements = tmp_path / "common.txt"
    lines = ["some_thing>=1.2", "Some.Thing[extra]<1.5 # why", "", "# no", "absent", "old>=2"]
    requirements.write_text("\n".join([*lines, "never; python_version < '3'"]))
    assert lacking_of(requirements, packages_of(base)) == ["Some.Thing<1.5", "absent", "old>=2"]


REPORT = """# vLLM 99.0.0, against 0.32.0 as it was recorded

## Breaking

- f() is gone; used in a.py:1

## Behavioral

- nothing

## Unchanged

- 5 symbols

Used in a way that cannot be followed: 1.
"""


def test_the_findings_of_an_audit_are_read_by_section():
    found = source_only.sections_of(REPORT)
    assert found == {"Breaking": ["f() is gone; used in a.py:1"], "Behavioral": []}


def audit_of(*breaking: str) -> dict[str, list[str]]:
    return {"Breaking": list(breaking), "Behavioral": ["g() has another body"]}


OWN = source_only.OWN_TESTS
LANE = {
    "about": {"digest": "now"},
    "state": "",
    "audit": {
        "decoder": audit_of("f() is gone"),
        "extend": audit_of(),
        "embedding": audit_of(),
        "platform": audit_of("f() is gone"),
        "endpoint": audit_of(),
    },
    "results": {
        f"{OWN}[decoder]": {"outcome": "failed", "reason": "no f"},
        f"{OWN}[extend]": {"outcome": "failed", "reason": "no h"},
        f"{OWN}[embedding]": {"outcome": "passed", "passed": "56"},
        f"{OWN}[platform]": {"outcome": "passed", "passed": "12"},
        "test_other[endpoint]": {"outcome": "failed", "reason": "slow"},
        "test_other": {"outcome": "failed", "reason": "slow"},
    },
}


def test_the_failures_of_a_lane_stand_beside_what_the_audit_says(monkeypatch):
    monkeypatch.setattr(source_only, "NOT_PREDICTED", {"test_other": "it is vLLM's own"})
    assert source_only.failures(LANE) == [
        (f"{OWN}[decoder]", "no f", "f() is gone", "predicted"),
        (f"{OWN}[extend]", "no h", "behavioural: g() has another body", ""),
        ("test_other[endpoint]", "slow", "behavioural: g() has another body", ""),
        ("test_other", "slow", "", "it is vLLM's own"),
    ]
    assert source_only.unexplained(LANE) == [f"{OWN}[extend]", "test_other[endpoint]"]
    assert source_only.verdicts(LANE) == [
        ["`decoder`", "**failed**", "f() is gone", "1", "yes"],
        ["`extend`", "**failed**", "compatible", "1", "**no**"],
        ["`embedding`", "56 passed, untested", "compatible", "1", "yes"],
        ["`platform`", "12 passed, untested", "f() is gone", "1", "**no**"],
        ["`endpoint`", "not run", "compatible", "1", ""],
    ]


def test_its_columns_are_marked_and_the_table_of_what_is_supported_has_none():
    supported = {n: lane for n, lane in matrix.read_all().items() if "+source" not in n}
    lanes = supported | {"99.0.0+source": LANE}
    text = matrix.as_markdown(lanes)
    assert text.count("| 99.0.0 (source only) |") == 2
    assert "## 99.0.0 (source only), and what the audit says of it" in text
    assert "Failed: 4; neither predicted nor explained: 3." in text
    assert matrix.summary(lanes) == matrix.summary(supported)
    assert matrix.evidence(lanes) == matrix.evidence(supported)


def test_a_kind_that_starts_late_runs_on_it_too():
    assert [kind for kind in KINDS if not environments.runs_on(kind, "99.0.0+source")] == []
    assert not environments.runs_on("multimodal", SUPPORTED_VLLM[0])
    assert environments.runs_on("multimodal", NEWEST)
