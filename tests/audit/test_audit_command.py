"""The audit's command: its report, its options, its exit status and what it refuses."""

import json
import re
import shlex
import shutil
import sys

import pytest
from audited_project import GIVE, assert_refused, audit_of, findings, write_vllm
from shared.rendering import result_of, run


def test_the_report_is_markdown_when_asked_for(project, tmp_path):
    result = audit_of(project, write_vllm(tmp_path / "new", "2.0"), "--markdown")
    assert re.findall(r"^#+ .*", result.stdout, re.MULTILINE) == [
        "# vLLM 2.0, against 1.0 as it was recorded",
        "## Breaking",
        "## Behavioral",
        "## Dependencies",
        "## Unchanged",
    ]


def test_a_reader_who_stops_in_the_middle(project, tmp_path):
    write_vllm(tmp_path / "new", "2.0", ("layers.py", "bias: bool = True, ", ""))
    audit = shlex.join([sys.executable, "tests/_template/audit", str(tmp_path / "new")])
    command = f"{audit} 2> errors | true; exit ${{PIPESTATUS[0]}}"
    result = result_of("bash", "-c", command, cwd=project)
    assert (result.returncode, (project / "errors").read_text()) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], f"no vLLM is installed: {GIVE}"),
        (["nowhere"], f"nowhere holds no vLLM: {GIVE}"),
        (["vllm-*.whl"], rf"vllm-\*.whl matches no file: {GIVE}"),
        (["x" * 300], f"x+ cannot be read .File name too long.: {GIVE}"),
        (["plugin"], f"plugin holds no vLLM: {GIVE}"),
        (
            ["plugin/about.py"],
            f"plugin/about.py is neither a wheel nor an sdist nor a folder: {GIVE}",
        ),
        (["--unknown"], "unrecognized arguments: --unknown"),
        (["--package", "none"], "none is no folder: give the folder of a package"),
    ],
)
def test_wrong_usage_is_refused_in_one_line(project, arguments, message):
    assert_refused(audit_of(project, *arguments), message)


def test_a_folder_without_python_files_is_refused(project, tmp_path):
    (tmp_path / "empty").mkdir()
    arguments = ["--package", tmp_path / "empty", tmp_path / "old", "--record"]
    assert_refused(audit_of(project, *arguments), ".*/empty holds no Python package")


def test_a_missing_package_is_refused(project, tmp_path):
    (project / "plugin").rename(tmp_path / "away")
    message = "there is no package plugin, neither here nor installed: name one with --package"
    assert_refused(audit_of(project, tmp_path / "old"), message)


def test_the_report_says_that_nothing_is_unresolved_when_asked_for(project, tmp_path):
    result = audit_of(project, tmp_path / "old", "--unresolved")
    assert result.stdout.rstrip().endswith("Used in a way that cannot be followed: 0.")


def test_any_package_can_be_audited(project, tmp_path):
    """This project's package has reference.json; another project's has a file named after it."""
    own = project / "tests" / "_template" / "audit" / "reference.json"
    before = own.read_bytes()
    other = tmp_path / "elsewhere" / "other"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("from vllm.layers import rope\nrope(64, base=1.0)\n")
    missing = ".*/tests/_template/audit/reference_other.json is missing: .*"
    assert_refused(
        audit_of(project, "--package", other, tmp_path / "old"),
        f"there is no reference yet, {missing}",
    )
    recorded = audit_of(project, "--package", other, tmp_path / "old", "--record")
    assert recorded.returncode == 0, recorded.stderr
    assert own.read_bytes() == before
    new = write_vllm(
        tmp_path / "new", "2.0", ("layers.py", "base: float = 1e4", "theta: float = 1e4")
    )
    result = audit_of(project, "--package", other, new)
    assert findings(result.stdout)["Breaking"] == [
        "vLLM 2.0: rope() lost base; used in __init__.py:2"
    ]
    expected = (
        "The interface of models is not checked: this package names no model that it registers."
    )
    assert expected in result.stdout
    # Copied into the project of that package.
    tests = other.parent / "tests"
    shutil.copytree(project / "tests" / "_template" / "audit", tests / "audit")
    own = tests / "audit" / "reference.json"
    own.unlink()
    command = [
        sys.executable,
        "tests/audit",
        "--package",
        "other",
        str(tmp_path / "old"),
        "--record",
    ]
    run(*command, cwd=other.parent)
    assert list(json.loads(own.read_text())["symbols"]) == ["vllm.layers.rope"]
