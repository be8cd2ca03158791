"""The kinds of parsers: their own tests catch each break, and their doctors name each fault."""

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
    RULES,
    TEMPLATE,
    make_environment,
    read_about,
    render_into,
    result_of,
    run,
    run_own_tests,
)

KINDS = ["tool_parser", "reasoning_parser"]
GRAMMARS = {"tool_parser": "tool_call_grammar", "reasoning_parser": "reasoning_grammar"}
CLASSES = {"tool_parser": "MyToolParser", "reasoning_parser": "MyReasoningParser"}
SELECTED = "not new_process and not entry_point and not VLLM_PLUGINS and not vllm_plugins"


def proof_of(kind: str, file: str, name: str) -> dict:
    """Return what a file of a kind's proof, and of the rooms that it brings, states under a name."""
    rooms = [ROOT / "templates" / each["folder"] for each in RULES["rooms_of"]([kind])]
    files = [room / "proof" / file for room in rooms]
    stated = [runpy.run_path(str(each))[name] for each in files if each.exists()]
    assert len({each for names in stated for each in names}) == sum(map(len, stated))
    return {each: change for names in stated for each, change in names.items()}


MUTATIONS = {kind: proof_of(kind, "mutations.py", "MUTATIONS") for kind in KINDS}
FAULTS = {kind: proof_of(kind, "faults.py", "FAULTS") for kind in KINDS}
WARNINGS = {kind: proof_of(kind, "faults.py", "WARNINGS") for kind in KINDS}


def each_of(changes: dict[str, dict]):
    """Run a test for each kind and each of its changes."""
    pairs = [(kind, name) for kind in KINDS for name in changes[kind]]
    return pytest.mark.parametrize(("rendered", "name"), pairs, indirect=["rendered"])


# Alone; in both ways beside a model; beside each other, and with a model.
PACKAGES = [
    *({"kind": kind} for kind in KINDS),
    *({"kind": kind, "also": "decoder"} for kind in KINDS),
    *({"kind": "decoder", "also": kind} for kind in KINDS),
    {"kind": "reasoning_parser", "also": "tool_parser"},
    {"kind": "decoder", "also": "tool_parser,reasoning_parser"},
]
IDS = [",".join(answers.values()) for answers in PACKAGES]


@pytest.fixture(params=PACKAGES, ids=IDS)
def answers(request) -> dict[str, str]:
    return request.param


@pytest.fixture
def package(answers, render) -> Path:
    return render(**answers)


def kinds_in(answers: dict[str, str]) -> list[str]:
    return [kind for kind in KINDS if kind in ",".join(answers.values()).split(",")]


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


def test_about_py_has_a_table_for_each_registry(package, answers):
    about = read_about(package)
    name = package.name
    for kind in KINDS:
        found = about.get(f"{kind.upper()}S")
        expected = {name: f"{kind}:{CLASSES[kind]}"} if kind in kinds_in(answers) else None
        assert found == expected
    models = {"MyModelForCausalLM": "model:MyModelForCausalLM"}
    assert about.get("ARCHITECTURES", models) == models
    assert set(about.get("MODEL_TYPES", {name})) == {name}


def test_its_own_tests_pass_on_the_fixture_engine(package, answers, tmp_path):
    project = shutil.copytree(package, tmp_path / package.name)
    bin_folder = make_environment(tmp_path / "venv", "griffe", "pytest", "--editable", project)
    outcomes = run_own_tests(bin_folder, project)
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    doctor = run(bin_folder / "python", "-m", package.name, cwd=tmp_path, env=fixture(project))
    kinds = kinds_in(answers)
    for part in (*kinds, *(["architecture"] if "decoder" in answers.values() else [])):
        assert any(f"names_a_class_of_this_package[{part} " in name for name in passed), passed
    for kind in kinds:
        assert any(f"test_{kind}" in name for name in passed)
        assert f"ok       The {kind} {package.name} belongs to " in doctor.stdout


def fixture(project: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(project / FIXTURE_ENGINE)}


@pytest.fixture(scope="module", params=KINDS)
def rendered(request, tmp_path_factory) -> Path:
    """A project with one kind of parser."""
    return render_into(tmp_path_factory.mktemp(request.param), kind=request.param)


def kind_of(project: Path) -> str:
    return project.name.removeprefix("vllm_my_")


def copy_of(rendered: Path, folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the project in which one text of the package stands for another."""
    project = shutil.copytree(rendered, folder / rendered.name)
    path = project / project.name / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return project


def run_tests(project: Path) -> subprocess.CompletedProcess:
    """Run the tests that look at a parser and at its registration."""
    kind = kind_of(project)
    files = [f"tests/test_{GRAMMARS[kind]}.py", f"tests/test_{kind}.py"]
    looked_at = ("parser_interface", "registered_names", "registration")
    files += [f"tests/_template/test_{name}.py" for name in looked_at]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    environment = os.environ | {"PYTHONPATH": str(project)}
    return result_of(*command, "-k", SELECTED, cwd=project, env=environment)


def test_the_tests_pass_without_a_break(rendered):
    result = run_tests(rendered)
    assert result.returncode == 0, result.stdout


@each_of(MUTATIONS)
def test_the_tests_catch_a_break(rendered, tmp_path, name):
    change = MUTATIONS[kind_of(rendered)][name]
    result = run_tests(copy_of(rendered, tmp_path, *change))
    assert result.returncode == 1, result.stdout


LOOK = """
import json, logging
logging.disable()
from {package} import register
register()
from {package}._doctor.{kind}s import look_in_new_process
print(json.dumps(list(look_in_new_process())))
"""


def findings(project: Path, **settings: str) -> list[list[str]]:
    """Return what the doctor's part for these parsers finds on the fixture engine."""
    engine = TEMPLATE / "tests" / "_template" / "fixture_engine"
    path = os.pathsep.join([str(project), str(engine)])
    environment = os.environ | {"PYTHONPATH": path} | settings
    code = LOOK.format(package=project.name, kind=kind_of(project))
    output = run(sys.executable, "-c", code, env=environment).stdout
    return json.loads(output.splitlines()[-1])


def faults_in(project: Path) -> list[list[str]]:
    return [found for found in findings(project) if found[0] != "ok"]


def test_the_doctor_finds_no_fault_where_there_is_none(rendered):
    assert [level for level, _, _ in findings(rendered)] == ["ok"]


@each_of(FAULTS)
def test_the_doctor_names_a_fault(rendered, tmp_path, name):
    *change, word = FAULTS[kind_of(rendered)][name]
    [(level, text, cure)] = faults_in(copy_of(rendered, tmp_path, *change))
    assert level == "problem"
    assert word in text
    assert cure


@each_of(WARNINGS)
def test_the_doctor_warns_of_what_only_lacks(rendered, tmp_path, name):
    *change, word = WARNINGS[kind_of(rendered)][name]
    [(level, text, cure)] = faults_in(copy_of(rendered, tmp_path, *change))
    assert level == "warning"
    assert word in text
    assert cure


def test_the_doctor_warns_of_the_front_end_that_has_no_parsers_of_plugins(rendered):
    [_, (level, text, _)] = findings(rendered, VLLM_USE_RUST_FRONTEND="1")
    assert level == "warning"
    assert "VLLM_USE_RUST_FRONTEND" in text
    assert f"no {kind_of(rendered).replace('_', ' ')} of a plugin" in text
