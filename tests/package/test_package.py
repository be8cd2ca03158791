"""A rendered package, built and installed, is found and loaded by every process of the engine."""

import configparser
import functools
import json
import os
import re
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Callable
from email.parser import HeaderParser
from pathlib import Path

import pytest
from shared.rendering import (
    FIXTURE_ENGINE,
    KINDS,
    ROOT,
    RULES,
    make_environment,
    needed_by_tests,
    read_about,
    result_of,
    run,
    run_own_tests,
)

# How many of a package's own tests need no real vLLM.
OWN_TESTS = 65
# One worker builds each kind once, and has one environment.
pytestmark = pytest.mark.xdist_group("package")

# What every package has, and what the rooms of its kind bring.
DOCTOR = ["__init__", "current_folder", "distributions", "environment", "findings", "imports"]
DOCTOR += ["installation", "installers", "new_processes", "parts", "processes", "registration"]
OF_EACH = ["__init__.py", "__main__.py", "_safety.py", "_vllm.py", "about.py", "py.typed"]

# The form matters to no kind more than to another.
FORMS = ["wheel", "sdist", "editable"]


@pytest.fixture(scope="session")
def build(render, tmp_path_factory) -> Callable[[str], Path]:
    """Return a function that renders a project of one kind, with its sdist and wheel in dist/."""

    @functools.cache
    def build(kind: str) -> Path:
        copy = tmp_path_factory.mktemp("project") / "vllm_my_model"
        # The class is not the default of each kind, so that one test fits all.
        names = {"package_name": copy.name, "class_name": "MyModelForCausalLM"}
        shutil.copytree(render(kind=kind, **names), copy)
        # As uv leaves it.
        (copy / "uv.lock").write_text("version = 1\n")
        # What pyproject.toml says of the build is the same for all kinds.
        how = ["--installer", "uv"] if kind == KINDS[0] else ["--no-isolation"]
        run("python", "-m", "build", *how, copy)
        return copy

    return build


@pytest.fixture(params=KINDS)
def project(request, build) -> Path:
    return build(request.param)


@pytest.fixture
def kind(request) -> str:
    return request.node.callspec.params["project"]


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory) -> Path:
    """The bin folder of an environment with pytest, and no plugin yet."""
    # Compiled once, since the tests let nothing write bytecode, and pytest runs here several times.
    folder = tmp_path_factory.mktemp("package") / "venv"
    return make_environment(folder, "--compile-bytecode", "pytest")


@pytest.fixture(scope="module", params=FORMS)
def installed(request, build, bin_folder, tmp_path_factory) -> tuple[Path, Path]:
    """The bin folder of an environment that has the package and the fixture engine, and tests."""
    folder = tmp_path_factory.mktemp(request.param)
    forms = {"wheel": wheel_and_tests, "sdist": sdist_and_tests, "editable": editable_and_tests}
    what, tests = forms[request.param](build(KINDS[0]), folder)
    run("uv", "pip", "install", "--python", bin_folder / "python", "--reinstall", *what)
    [site_packages] = bin_folder.parent.glob("lib/*/site-packages")
    (site_packages / "fixture_engine.pth").write_text(str(tests / FIXTURE_ENGINE))
    return bin_folder, tests


def wheel_and_tests(project: Path, folder: Path) -> tuple[list, Path]:
    tests = folder / "project"
    shutil.copytree(project, tests, ignore=shutil.ignore_patterns("vllm_my_model", "dist"))
    return list(project.glob("dist/*.whl")), tests


def sdist_and_tests(project: Path, folder: Path) -> tuple[list, Path]:
    [sdist] = project.glob("dist/*.tar.gz")
    with tarfile.open(sdist) as archive:
        # Python 3.11.2, which Debian has, knows no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)
    return [sdist], folder / sdist.name.removesuffix(".tar.gz")


def editable_and_tests(project: Path, folder: Path) -> tuple[list, Path]:
    tests = folder / "project"
    shutil.copytree(project, tests)
    return ["--editable", tests], tests


def assert_every_process_registers(bin_folder: Path, start_method: str) -> None:
    command = ["-m", "vllm.fixture", "--workers", "3", "--start-method", start_method]
    reports = json.loads(run(bin_folder / "python", *command).stdout)
    roles = [report["role"] for report in reports]
    assert roles == ["front end", "engine core", "worker 0", "worker 1", "worker 2"]
    assert len({report["pid"] for report in reports}) == 5
    for report in reports:
        assert report["plugins"] == ["vllm_my_model"]
        assert report["architectures"] == {
            "MyModelForCausalLM": "vllm_my_model.model:MyModelForCausalLM"
        }


def test_every_process_of_the_engine_registers_the_architecture(installed):
    assert_every_process_registers(installed[0], "spawn")


@pytest.mark.parametrize("installed", FORMS[:1], indirect=True)
def test_so_does_every_forked_process(installed):
    assert_every_process_registers(installed[0], "fork")


def test_its_own_tests_pass_on_the_fixture_engine(installed):
    outcomes = run_own_tests(*installed)
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    assert len(passed) == OWN_TESTS, "a test was added, lost or skipped"
    compatibility = {name.partition("::")[2] for name in passed if "compatibility" in name}
    assert compatibility == {
        "test_the_package_requires_nothing",
        "test_the_readme_names_what_about_py_names",
    }
    assert all(
        any(
            module in name
            for module in (
                *("registration", "registered_names"),
                *("safety", "compatibility", "audit", "doctor"),
            )
        )
        for name in passed
    )
    skipped = [name for name, outcome in outcomes.items() if outcome == "skipped"]
    for name in ("what_the_package_imports", "has_vllms_interface", "are_those_of_hugging_face"):
        assert any(name in case for case in skipped)
    assert not any("test_regist" in name for name in skipped)


@pytest.mark.parametrize("model_type", ["bart", "chatglm"])
def test_the_tests_of_a_plugin_with_a_known_model_type_pass(
    render, bin_folder, tmp_path, model_type
):
    """It registers no config class, and its tests and its doctor know."""
    tests = tmp_path / "vllm_my_model"
    shutil.copytree(render(registered_name=model_type), tests)
    python = bin_folder / "python"
    run("uv", "pip", "install", "--python", python, "--reinstall", f"{tests}[test]")
    [site_packages] = bin_folder.parent.glob("lib/*/site-packages")
    (site_packages / "fixture_engine.pth").write_text(str(tests / FIXTURE_ENGINE))
    shutil.rmtree(tests / "vllm_my_model")
    outcomes = run_own_tests(bin_folder, tests)
    skipped = {
        name.partition("::")[2]
        for name, outcome in outcomes.items()
        if outcome == "skipped" and "test_regist" in name
    }
    assert skipped == {f"test_every_name_in_about_py_has_an_owner[model_type {model_type}]"}
    # Those of the config class, of which two are for a step, four for a way to fail.
    assert list(outcomes.values()).count("passed") == OWN_TESTS - len(skipped) - 12
    found = run(python, "-m", "vllm_my_model", cwd=tmp_path).stdout
    assert f"ok       The model_type {model_type} is transformers' or vLLM's own, of " in found


@pytest.mark.parametrize("installed", FORMS[:1], indirect=True)
def test_pytest_says_which_engine_it_ran_on_and_what_it_skipped(installed):
    bin_folder, tests = installed
    # The setting of whoever runs the tests must not decide them.
    settings = os.environ | {"VLLM_PLUGINS": "another"}
    output = run(bin_folder / "pytest", cwd=tests, env=settings).stdout
    assert re.search(r"SKIPPED .*: no vLLM is installed, and the fixture engine loads", output)
    assert "engine: the fixture engine, which stands in for vLLM" in output
    assert "skipped: the tests marked real_vllm, because no vLLM is installed" in output


def test_the_wheel_holds_the_package_and_nothing_else(project, kind):
    [wheel] = project.glob("dist/*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    answers = {"kind": kind, "also": "-", "registered_name": "parrot"}
    modules = [*OF_EACH, *RULES["files"](answers, "plugin")]
    doctor = [f"{name}.py" for name in DOCTOR] + list(RULES["files"](answers, "doctor"))
    modules += [f"_doctor/{name}" for name in doctor]
    metadata = ["METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt"]
    assert names == {
        *(f"vllm_my_model/{name}" for name in modules),
        *(f"vllm_my_model-0.1.0.dist-info/{name}" for name in metadata),
        "vllm_my_model-0.1.0.dist-info/licenses/LICENSE",
    }


def test_the_metadata_asks_for_vllm_in_an_extra_only(project, kind):
    [wheel] = project.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        read = archive.read
        metadata = HeaderParser().parsestr(read("vllm_my_model-0.1.0.dist-info/METADATA").decode())
        entry_points = read("vllm_my_model-0.1.0.dist-info/entry_points.txt").decode()
    assert metadata["Name"] == "vllm_my_model"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata.get_all("Provides-Extra") == ["vllm", "test"]
    about = read_about(project)
    assert metadata.get_all("Requires-Dist") == [
        f'vllm<={about["NEWEST_VLLM"]},>={about["OLDEST_VLLM"]}; extra == "vllm"',
        *(f'{each}; extra == "test"' for each in needed_by_tests(kind)),
    ]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip() == (project / "README.md").read_text().strip()
    groups = configparser.ConfigParser(delimiters=("=",))
    groups.read_string(entry_points)
    found = {group: dict(groups[group]) for group in groups.sections()}
    assert found.pop("vllm.general_plugins") == {"vllm_my_model": "vllm_my_model:register"}
    # The tables of what vLLM finds by itself: each name, or one function for all that a table names.
    tables = [(of, about[table]) for table, of in RULES["tables_of"]([kind]).items() if of["group"]]
    by_group = {
        of["group"]: {about["PLUGIN_NAME"]: of["function"]}
        if of["function"]
        else {name: of["entry"].format(value=value) for name, value in table.items()}
        for of, table in tables
    }
    assert found == {
        group: {name: f"vllm_my_model.{value}" for name, value in entries.items()}
        for group, entries in by_group.items()
    }


def test_the_sdist_holds_the_tests_and_the_fixture_engine(project):
    [sdist] = project.glob("dist/*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    source = {
        p.relative_to(project).as_posix()
        for p in [*project.glob("tests/**/*.py"), *project.glob("docs/**/*.md")]
    }
    assert source <= names
    assert {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "setup.py"} <= names
    assert "uv.lock" not in names


@pytest.mark.parametrize(
    ("field", "before", "stated"),
    [
        ("dependencies", "python_requires=", 'install_requires=["vllm"], '),
        ("keywords", "python_requires=", 'keywords=["parrot"], '),
        ("maintainers", "python_requires=", 'maintainer="Ann", maintainer_email="a@example.com", '),
        ("scripts", "# group: ", '"console_scripts": ["parrot = vllm_my_model:register"],\n'),
    ],
)
def test_metadata_that_would_be_dropped_stops_the_build(render, tmp_path, field, before, stated):
    copy = tmp_path / "vllm_my_model"
    shutil.copytree(render(), copy)
    setup = copy / "setup.py"
    setup.write_text(setup.read_text().replace(before, stated + before))
    command = ["python", "-m", "build", "--wheel", "--no-isolation", str(copy)]
    result = result_of(*command)
    assert result.returncode == 1
    wanted = f"`{field}` defined outside of `pyproject.toml` is ignored"
    assert wanted in result.stdout + result.stderr


def without_this_environment() -> dict[str, str]:
    """Return the environment without what would tell uv to use the one that runs the tests."""
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


def test_the_readmes_command_for_uv_installs_and_tests(render, tmp_path):
    copy, settings = tmp_path / "vllm_my_model", without_this_environment()
    shutil.copytree(render(), copy)
    [command] = re.findall(r"`(uv sync[^`]+)`", (copy / "README.md").read_text())
    settings["UV_PYTHON"] = sys.executable
    output = run("bash", "-ec", command, cwd=copy, env=settings).stdout
    [ended] = re.findall(r"\d+ passed, \d+ skipped", output)
    assert ended.startswith(f"{OWN_TESTS} passed")
    assert f"\n{ended}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    # Also where Python finds a folder of the package's name.
    import_it = "import vllm_my_model as it; print(it.register.__name__)"
    python = copy / ".venv" / "bin" / "python"
    assert run(python, "-c", import_it, cwd=tmp_path).stdout == "register\n"
    run("git", "init", "--quiet", copy)
    ignored = run("git", "-C", copy, "status", "--short", "--ignored").stdout.splitlines()
    assert "!! uv.lock" in ignored


def test_uv_accepts_the_project(render, tmp_path):
    """It adds a requirement, and the package may be a member of a workspace."""
    settings = without_this_environment() | {"UV_PYTHON": sys.executable}
    copy = tmp_path / "vllm_my_model"
    shutil.copytree(render(), copy)
    run("uv", "add", "iniconfig", cwd=copy, env=settings)
    assert "iniconfig" in (copy / "pyproject.toml").read_text()
    shutil.rmtree(copy / ".venv")
    (tmp_path / "pyproject.toml").write_text(WORKSPACE)
    run("uv", "sync", cwd=tmp_path, env=settings)
    import_it = "import iniconfig, vllm_my_model as it; print(it.register.__name__)"
    python = tmp_path / ".venv" / "bin" / "python"
    assert run(python, "-c", import_it, cwd=tmp_path).stdout == "register\n"


WORKSPACE = """
[project]
name = "app"
version = "0"
requires-python = ">=3.10"
dependencies = ["vllm_my_model"]

[tool.uv.workspace]
members = ["vllm_my_model"]

[tool.uv.sources]
vllm_my_model = { workspace = true }
"""
