"""A rendered package, built and installed, is found and loaded by every process of the engine."""

import functools
import json
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from email.parser import HeaderParser
from pathlib import Path

import pytest
from helpers import FIXTURE_ENGINE, KINDS, make_environment, read_about, run, run_own_tests

# One worker builds each kind once, and has one environment.
pytestmark = pytest.mark.xdist_group("package")

# The form matters to no kind more than to another.
INSTALLED = [
    pytest.param((kind, form), id=f"{kind}-{form}")
    for kind in KINDS
    for form in ("wheel", "sdist", "editable")
    if form == "wheel" or kind == KINDS[0]
]


@pytest.fixture(scope="session")
def build(render, tmp_path_factory) -> Callable[[str], Path]:
    """Return a function that renders a project of one kind, with its sdist and wheel in dist/."""

    @functools.cache
    def build(kind: str) -> Path:
        copy = tmp_path_factory.mktemp("project") / "vllm_my_model"
        shutil.copytree(render(model_kind=kind), copy)
        # What pyproject.toml says of the build is the same for all kinds.
        how = ["--installer", "uv"] if kind == KINDS[0] else ["--no-isolation"]
        run("python", "-m", "build", *how, copy)
        return copy

    return build


@pytest.fixture(params=KINDS)
def project(request, build) -> Path:
    return build(request.param)


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory) -> Path:
    """The bin folder of an environment with pytest, and no plugin yet."""
    # Compiled once, since the tests let nothing write bytecode, and pytest runs here several times.
    folder = tmp_path_factory.mktemp("package") / "venv"
    return make_environment(folder, "--compile-bytecode", "pytest")


@pytest.fixture(scope="module", params=INSTALLED)
def installed(request, build, bin_folder, tmp_path_factory) -> tuple[Path, Path]:
    """The bin folder of an environment that has the package and the fixture engine, and tests."""
    kind, form = request.param
    folder = tmp_path_factory.mktemp(form)
    forms = {"wheel": wheel_and_tests, "sdist": sdist_and_tests, "editable": editable_and_tests}
    what, tests = forms[form](build(kind), folder)
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
        archive.extractall(folder, filter="data")
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


@pytest.mark.parametrize("installed", INSTALLED[:1], indirect=True)
def test_so_does_every_forked_process(installed):
    assert_every_process_registers(installed[0], "fork")


def test_its_own_tests_pass_on_the_fixture_engine(installed):
    outcomes = run_own_tests(*installed)
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    assert len(passed) == 45, "a test was added, lost or skipped"
    compatibility = {name.partition("::")[2] for name in passed if "compatibility" in name}
    assert compatibility == {
        "test_the_package_requires_nothing",
        "test_the_readme_names_what_about_py_names",
    }
    assert all(
        any(module in name for module in ("registration", "compatibility", "audit", "doctor"))
        for name in passed
    )
    skipped = [name for name, outcome in outcomes.items() if outcome == "skipped"]
    assert any(name.endswith("[ModelRegistry]") for name in skipped), "no import was found"
    for name in ("meets_vllms_interface", "are_those_of_hugging_face"):
        assert any(name in case for case in skipped)
    assert not any("test_registration" in name for name in skipped)


@pytest.mark.parametrize("installed", INSTALLED[:1], indirect=True)
def test_pytest_says_which_engine_it_ran_on_and_what_it_skipped(installed):
    bin_folder, tests = installed
    # The setting of whoever runs the tests must not decide them.
    settings = os.environ | {"VLLM_PLUGINS": "another"}
    output = run(bin_folder / "pytest", cwd=tests, env=settings).stdout
    assert re.search(r"SKIPPED .*: no vLLM is installed, and the fixture engine loads", output)
    assert "engine: the fixture engine, which stands in for vLLM" in output
    assert "skipped: the tests marked real_vllm, because no vLLM is installed" in output


def test_the_wheel_holds_the_package_and_nothing_else(project):
    [wheel] = project.glob("dist/*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = ["__init__.py", "__main__.py", "_safety.py", "about.py", "config.py", "model.py"]
    metadata = ["METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt"]
    assert names == {
        "vllm_my_model/py.typed",
        *(f"vllm_my_model/{name}" for name in modules),
        *(f"vllm_my_model-0.1.0.dist-info/{name}" for name in metadata),
        "vllm_my_model-0.1.0.dist-info/licenses/LICENSE",
    }


def test_the_metadata_asks_for_vllm_in_an_extra_only(project):
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
        'griffe>=1.14; extra == "test"',
        'pytest>=8; extra == "test"',
    ]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip() == (project / "README.md").read_text().strip()
    assert entry_points.split() == [
        "[vllm.general_plugins]",
        "vllm_my_model",
        "=",
        "vllm_my_model:register",
    ]


def test_the_sdist_holds_the_tests_and_the_fixture_engine(project):
    [sdist] = project.glob("dist/*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    source = {p.relative_to(project).as_posix() for p in project.glob("tests/**/*.py")}
    assert source <= names
    assert {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "setup.py"} <= names
