"""The tests need no more than a clone: no home, no path without a space, no Python but their own."""

import os
import re
import sys
from pathlib import Path

import pytest
from shared.rendering import (
    ROOT,
    SUPPORTED_PYTHONS,
    can_be_written,
    copy_of_the_repository,
    result_of,
    run,
)

PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
# One test for each way in which they would need more.
DEMANDING = [
    "tests/doctor/test_doctor_command.py::test_wrong_usage",
    "tests/engine/test_fixture_beside_vllm.py::test_a_real_vllm_on_the_path_is_the_one_that_is_imported",
    "tests/package/test_package.py::test_the_metadata_asks_for_vllm_in_an_extra_only[decoder]",
]


@pytest.mark.parametrize("home", [os.devnull, None], ids=["not writable", "not set"])
def test_they_need_no_home_and_may_stand_in_a_path_with_a_space(tmp_path, home):
    clone = copy_of_the_repository(tmp_path / "a b" / "clone")
    settings = {k: v for k, v in os.environ.items() if k not in ("UV_CACHE_DIR", "HOME")}
    settings |= {"HOME": home} if home else {}
    result = result_of(*PYTEST, *DEMANDING, cwd=clone, env=settings)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " 4 passed" in result.stdout


def test_their_requirements_are_for_the_oldest_python_too():
    """Of themselves; test_pythons.py asks the same of what these require, and of every Python."""
    command = ["uv", "pip", "compile", "--no-deps", "--python-version", SUPPORTED_PYTHONS[0]]
    pins = run(*command, ROOT / "tests" / "requirements.txt").stdout
    assert re.search(r"^griffe==", pins, re.MULTILINE)
    assert re.search(r"^hypothesis==", pins, re.MULTILINE)


@pytest.mark.parametrize("folder", ["", ".uv_cache", "/dev/null/.cache"])
def test_a_cache_that_cannot_be_written_is_known(folder):
    assert not can_be_written(folder)


def test_a_cache_that_can_be_written_is_made(tmp_path):
    assert can_be_written(str(tmp_path / "a" / "b"))
    assert list(Path(tmp_path / "a" / "b").iterdir()) == []


def run_for_a_python(version: str, **settings: str):
    words = ["-m", "pythons", "-k", f"own_tests and {version}", "tests/repository/test_pythons.py"]
    return result_of(*PYTEST, *words, env=os.environ | settings, cwd=ROOT)


def test_a_python_that_cannot_be_had_is_named_and_no_test_passes(tmp_path):
    running = ".".join(map(str, sys.version_info[:2]))
    version = next(v for v in SUPPORTED_PYTHONS if v != running)
    nothing_here = {
        "PATH": str(Path(sys.executable).parent),
        "PYENV_ROOT": str(tmp_path),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON_INSTALL_DIR": str(tmp_path),
    }
    if (Path(sys.executable).parent / f"python{version}").exists():
        pytest.fail(f"Python {version} is beside {sys.executable}: use an environment")
    result = run_for_a_python(version, **nothing_here)
    assert result.returncode == 0, result.stdout
    assert "1 xfailed" in result.stdout
    assert "passed" not in result.stdout
    [_, section] = result.stdout.split(" not tested ")
    assert f"Python {version} is not tested: it is not here" in section
    assert "Install it" in section


def test_an_environment_that_cannot_be_made_fails():
    running = ".".join(map(str, sys.version_info[:2]))
    result = run_for_a_python(running, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert result.returncode == 1, result.stdout
    assert "1 error" in result.stdout
    assert "No matching distribution found" in result.stdout
