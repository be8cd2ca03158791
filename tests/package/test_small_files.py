"""The small files that no interpreter reads: each line of them that matters, and what it is for."""

import importlib
import os
import re
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from shared.rendering import (
    FIXTURE_ENGINE,
    KINDS,
    ROOT,
    documents_of,
    files_of,
    read_about,
    render_into,
    result_of,
    run,
)

# What pytest itself reads it with, before Python 3.11.
tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

# The only versions of setuptools that matter: 77 is the first that knows license_expression.
OLDEST_SETUPTOOLS, TOO_OLD_SETUPTOOLS = "77.0.1", "76.1.0"


@pytest.fixture(params=KINDS)
def project(request, render) -> Path:
    return render(kind=request.param)


def read_toml(file: Path) -> dict:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def lines_of(file: Path) -> list[str]:
    """Return the lines of a file that are neither empty nor a comment."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


# Dockerfile


def test_the_dockerfile_takes_these_steps(project):
    assert lines_of(project / "Dockerfile") == [
        # vLLM's own image, of the version that is asked for.
        "ARG VLLM_VERSION",
        "FROM vllm/vllm-openai:v${VLLM_VERSION}",
        # All that setup.py needs, and what the license must come with.
        "WORKDIR /plugin",
        "COPY setup.py pyproject.toml README.md LICENSE ./",
        f"COPY {project.name} ./{project.name}",
        # Without another vLLM, and nothing left of the source.
        "RUN uv pip install --system --no-deps . && rm -r /plugin/*",
        # Built only if the plugin loads.
        f"RUN python3 -m {project.name}",
        # An ordinary user, with a home for the caches.
        "RUN useradd --create-home plugin",
        "USER plugin",
        "WORKDIR /home/plugin",
    ]


def test_what_setup_py_reads_is_copied_into_the_image(project):
    steps = lines_of(project / "Dockerfile")
    [files] = [step.split()[1:-1] for step in steps if step.startswith("COPY setup.py")]
    read = re.findall(r'HERE / "([^"]+)"', (project / "setup.py").read_text(encoding="utf-8"))
    assert {"setup.py", "pyproject.toml", "LICENSE", *read} <= set(files)
    assert [name for name in files if not (project / name).exists()] == []


# pyproject.toml


def test_the_build_system_and_the_tools_of_a_package_are_these(project):
    settings = read_toml(project / "pyproject.toml")
    assert settings["build-system"] == {
        "requires": ["setuptools>=77"],
        "build-backend": "setuptools.build_meta",
    }
    assert settings["tool"] == {
        "pytest": {
            "ini_options": {
                "testpaths": ["tests"],
                # Why a test was skipped is always said, and a misspelt mark is an error.
                "addopts": ["-ra", "--strict-markers"],
                "markers": [
                    "real_vllm: needs real vLLM, which the fixture engine cannot stand in for"
                ],
            }
        },
        "ruff": {
            "line-length": 100,
            "lint": {"select": ["E4", "E7", "E9", "F", "B", "I", "SIM", "UP"]},
        },
        "mypy": {"ignore_missing_imports": True},
        "vllm-plugin-template": {"version": template_version()},
    }


def template_version() -> str:
    [version] = re.findall(
        r'^  "_template_version": "([\d.]+)",$', (ROOT / "cookiecutter.json").read_text(), re.M
    )
    return version


@pytest.mark.parametrize(
    ("version", "builds"), [(OLDEST_SETUPTOOLS, True), (TOO_OLD_SETUPTOOLS, False)]
)
def test_the_oldest_setuptools_that_is_let_in_can_build_the_package(tmp_path, version, builds):
    project = render_into(tmp_path)
    [wanted] = read_toml(project / "pyproject.toml")["build-system"]["requires"]
    assert (version in Requirement(wanted).specifier) is builds
    environment = tmp_path / "venv"
    run("uv", "venv", "--python", sys.executable, environment)
    python = environment / "bin" / "python"
    run("uv", "pip", "install", "--python", python, f"setuptools=={version}")
    build = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
    result = result_of(python, "-c", build, cwd=project)
    metadata = "".join(p.read_text() for p in project.glob("*.egg-info/PKG-INFO"))
    assert ("License-Expression: Apache-2.0" in metadata) is builds, result.stderr


def test_the_settings_of_this_repository_are_these():
    settings = read_toml(ROOT / "pyproject.toml")
    assert settings == {
        "tool": {
            "pytest": {
                "ini_options": {
                    "testpaths": ["tests"],
                    "pythonpath": ["tools"],
                    "faulthandler_timeout": 3600,
                    "faulthandler_exit_on_timeout": True,
                    "junit_family": "xunit1",
                    "addopts": [
                        "-ra",
                        "--strict-markers",
                        "-m",
                        "not real and not pythons and not breaks and not guides",
                        "--dist",
                        "loadgroup",
                    ],
                    "markers": [
                        "real: the real lane, on real vLLM",
                        "breaks: breaks a part or the fixture engine, and sees a test fail",
                        "guides: makes what the guides for models make, on real vLLM",
                        "pythons: on each supported Python that is here or that uv can install",
                    ],
                }
            },
            "ruff": {
                "line-length": 100,
                "extend-exclude": [
                    "*cookiecutter.package_name*",
                    "templates",
                    "hooks/pre_gen_project.py",
                ],
                "lint": {
                    "select": ["E4", "E7", "E9", "F", "B", "I", "SIM", "UP", "RUF100", "PT"],
                },
            },
        }
    }


# MANIFEST.in


def test_the_sdist_holds_the_source_the_tests_and_nothing_that_was_built(tmp_path):
    project = render_into(tmp_path)
    source = set(files_of(project))
    rubbish = [project / "tests" / "__pycache__" / "test_model.cpython-311.pyc"]
    rubbish += [project / "tests" / name for name in ("left.pyc", "left.pyo", "left.pyd")]
    for file in rubbish:
        file.parent.mkdir(exist_ok=True)
        file.touch()
    build = "from setuptools.build_meta import build_sdist; build_sdist('dist')"
    run(sys.executable, "-c", build, cwd=project)
    [sdist] = project.glob("dist/*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = [member.name.partition("/")[2] for member in archive if member.isfile()]
    made = {"PKG-INFO", "setup.cfg"}
    packed = {name for name in members if ".egg-info/" not in name} - made
    # What only the repository needs.
    left_out = {name for name in source if name.startswith(".git")} | {"Dockerfile"}
    assert packed == source - left_out


# .gitignore


def ignored(repository: Path, *names: str) -> list[str]:
    """Return those names that git would leave out."""
    command = ["git", "-C", str(repository), "check-ignore", "--no-index", *names]
    return result_of(*command).stdout.splitlines()


def test_git_leaves_out_what_is_made_and_nothing_else(project, tmp_path):
    repository = shutil.copytree(project, tmp_path / "repository")
    run("git", "init", "--quiet", repository)
    made = [
        "vllm_my_model/__pycache__/model.cpython-311.pyc",
        "tests/__pycache__/conftest.cpython-311.pyc",
        "vllm_my_model.egg-info/PKG-INFO",
        ".pytest_cache/README.md",
        ".ruff_cache/CACHEDIR.TAG",
        ".venv/bin/python",
        "build/lib/vllm_my_model/model.py",
        "dist/vllm_my_model-0.1.0.tar.gz",
        "uv.lock",
    ]
    assert ignored(repository, *made) == made
    # A module of the author's may be called like a folder at the top.
    kept = ["vllm_my_model/build/kernel.py", "vllm_my_model/dist/__init__.py"]
    assert ignored(repository, *kept, *files_of(project)) == []


def test_git_leaves_out_what_this_repository_makes(tmp_path):
    names = run("git", "ls-files", cwd=ROOT).stdout.splitlines()
    run("git", "init", "--quiet", tmp_path)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    made = [".cache/vllm", ".pytest_cache/x", ".ruff_cache/x", ".venv/bin", "tests/__pycache__/x"]
    assert ignored(tmp_path, *made) == made
    assert ignored(tmp_path, *names) == []


# about.py, py.typed


def test_about_py_states_these_facts_and_no_others(project):
    facts = {name: value for name, value in read_about(project).items() if name.isupper()}
    tables = {name for name, fact in facts.items() if isinstance(fact, dict)}
    assert set(facts) - tables == {"PLUGIN_NAME", "OLDEST_VLLM", "NEWEST_VLLM"}
    assert tables
    for table in tables:
        [(name, reference)] = facts.pop(table).items()
        assert name
        assert re.fullmatch(r"\w+:[A-Z]\w+", reference)
    assert all(isinstance(value, str) and value for value in facts.values())


def test_a_model_is_named_with_its_config(render):
    about = read_about(render())
    assert list(about["MODEL_TYPES"].values()) == ["config:Config"]
    [(name, model)] = about["ARCHITECTURES"].items()
    assert model == f"model:{name}"


def test_type_checkers_take_the_annotations_of_the_package(project):
    # PEP 561: an empty file says so for the whole package.
    assert (project / project.name / "py.typed").read_bytes() == b""
    assert not (project / FIXTURE_ENGINE / "vllm" / "py.typed").exists()


# setup.py, and whatever reads a text

# As a machine is that knows no other letters than ASCII.
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def test_setup_py_reads_its_files_in_any_locale(render):
    project = render(description="Adds a 🦜.", author_name="Zoë", license="MIT")
    command = [sys.executable, "setup.py", "--description"]
    run(*command, cwd=project, env=os.environ | ASCII | {"PYTHONIOENCODING": "utf-8"})


def test_the_template_is_rendered_in_any_locale(tmp_path):
    answers = ["description=Adds a parrot.", "license=MIT"]
    command = [sys.executable, "-m", "cookiecutter", "--no-input", "-o", tmp_path, ROOT, *answers]
    run(*command, env=os.environ | ASCII)
    assert "…" in documents_of(tmp_path / "vllm_my_model")


# Requirements


def requirements_in(file: str) -> list[Requirement]:
    return [Requirement(line) for line in lines_of(ROOT / file)]


@pytest.mark.parametrize("file", ["tests/requirements.txt", "benchmarks/requirements.txt"])
def test_every_requirement_is_one_version(file):
    for requirement in requirements_in(file):
        pins = list(requirement.specifier)
        assert [pin.operator for pin in pins] == ["=="], requirement
        assert "*" not in pins[0].version, requirement


def test_the_tests_require_what_they_use():
    assert {requirement.name for requirement in requirements_in("tests/requirements.txt")} == {
        # To render
        *("cookiecutter", "cruft"),
        # To test
        *("hypothesis", "pytest", "pytest-xdist", "griffe"),
        # What the tests of a package import
        *("fastapi", "httpx"),
        # To build and install
        *("build", "setuptools", "uv"),
        # To check what comes out of it
        *("check-jsonschema", "check-wheel-contents", "mypy", "PyYAML", "ruff", "twine"),
        *("validate-pyproject", "zizmor"),
    }
    assert {r.name for r in requirements_in("benchmarks/requirements.txt")} == {"matplotlib"}
