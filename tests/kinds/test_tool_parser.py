"""The kind tool_parser: its own tests catch each break, and its doctor names each fault."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from shared.rendering import (
    FIXTURE_ENGINE,
    ROOT,
    TEMPLATE,
    make_environment,
    read_about,
    render_into,
    result_of,
    run,
    run_own_tests,
)

PROOF = ROOT / "templates" / "kinds" / "tool_parser" / "proof"
MUTATIONS = runpy.run_path(str(PROOF / "mutations.py"))["MUTATIONS"]
FAULTS = runpy.run_path(str(PROOF / "faults.py"))["FAULTS"]
# Those that look at the parser and its registration.
FILES = ["tests/test_tool_call_grammar.py", "tests/test_tool_parser.py"]
FILES += [f"tests/_template/test_{name}.py" for name in ("tool_parser_interface", "registration")]
SELECTED = "not new_process and not entry_point and not VLLM_PLUGINS and not vllm_plugins"
PACKAGE = "vllm_my_tool_parser"


# Alone, and in both ways beside a model.
PACKAGES = [
    {"kind": "tool_parser"},
    {"kind": "tool_parser", "also": "decoder"},
    {"kind": "decoder", "also": "tool_parser"},
]
IDS = ["alone", "first", "second"]


@pytest.fixture(params=PACKAGES, ids=IDS)
def package(request, render) -> Path:
    return render(**request.param)


def test_a_package_with_it_is_clean(package):
    run("ruff", "check", ".", cwd=package)
    run("ruff", "format", "--check", ".", cwd=package)
    tests = [*package.glob("tests/*.py"), *package.glob("tests/_template/*.py")]
    settings = os.environ | {"MYPYPATH": f".{os.pathsep}tests"}
    run("mypy", "--explicit-package-bases", package.name, *tests, cwd=package, env=settings)
    for page in [package / "README.md", *package.glob("docs/_template/*.md")]:
        text = page.read_text(encoding="utf-8")
        assert "\n\n\n" not in text, page
        assert not re.search(r"{{|{%|%}|[ \t]$", text, re.MULTILINE), page


def test_about_py_has_a_table_for_each_registry(package):
    about = read_about(package)
    name = package.name
    [(parser, reference)] = about["TOOL_PARSERS"].items()
    assert (parser, reference) == (name, "tool_parser:MyToolParser")
    models = {"MyModelForCausalLM": "model:MyModelForCausalLM"}
    assert about.get("ARCHITECTURES", models) == models
    assert set(about.get("MODEL_TYPES", {name})) == {name}


def test_its_own_tests_pass_on_the_fixture_engine(package, tmp_path):
    project = shutil.copytree(package, tmp_path / package.name)
    bin_folder = make_environment(tmp_path / "venv", "griffe", "pytest", "--editable", project)
    outcomes = run_own_tests(bin_folder, project)
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    for part in (
        "tool_parser",
        *(["architecture"] if (project / package.name / "model.py").exists() else []),
    ):
        assert any(f"names_a_class_of_this_package[{part} " in name for name in passed), passed
    assert any("test_tool_parser" in name for name in passed)
    doctor = run(bin_folder / "python", "-m", package.name, cwd=tmp_path, env=fixture(project))
    assert f"ok       The tool_parser {package.name} belongs to " in doctor.stdout


def fixture(project: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(project / FIXTURE_ENGINE)}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    return render_into(tmp_path_factory.mktemp("tool_parser"), kind="tool_parser")


def copy_of(rendered: Path, folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the project in which one text of the package stands for another."""
    project = shutil.copytree(rendered, folder / "project")
    path = project / PACKAGE / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return project


def run_tests(project: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *FILES]
    environment = os.environ | {"PYTHONPATH": str(project)}
    return result_of(*command, "-k", SELECTED, cwd=project, env=environment)


def test_the_tests_pass_without_a_break(rendered):
    result = run_tests(rendered)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_tests_catch_a_break(rendered, tmp_path, name):
    result = run_tests(copy_of(rendered, tmp_path, *MUTATIONS[name]))
    assert result.returncode == 1, result.stdout


LOOK = f"""
import json, logging
logging.disable()
from {PACKAGE} import register
register()
from {PACKAGE}._doctor.tool_parsers import look_in_new_process
print(json.dumps(list(look_in_new_process())))
"""


def findings(project: Path, **settings: str) -> list[list[str]]:
    """Return what the doctor's part for tool parsers finds on the fixture engine."""
    engine = TEMPLATE / "tests" / "_template" / "fixture_engine"
    path = os.pathsep.join([str(project), str(engine)])
    environment = os.environ | {"PYTHONPATH": path} | settings
    output = run(sys.executable, "-c", LOOK, env=environment).stdout
    return json.loads(output.splitlines()[-1])


def test_the_doctor_finds_no_fault_where_there_is_none(rendered):
    assert [level for level, _, _ in findings(rendered)] == ["ok"]


@pytest.mark.parametrize("name", FAULTS)
def test_the_doctor_names_a_fault(rendered, tmp_path, name):
    *change, word = FAULTS[name]
    [(level, text, cure)] = findings(copy_of(rendered, tmp_path, *change))
    assert level == "problem"
    assert word in text
    assert cure


def test_the_doctor_warns_of_the_front_end_that_has_no_parsers_of_plugins(rendered):
    [_, (level, text, _)] = findings(rendered, VLLM_USE_RUST_FRONTEND="1")
    assert level == "warning"
    assert "VLLM_USE_RUST_FRONTEND" in text
