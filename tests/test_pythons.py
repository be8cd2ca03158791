"""On each supported Python the template renders the same bytes, and a plugin's own tests pass.

Not in the fast lane, since it makes an environment for each; ``pytest -m pythons``.
"""

import os
import subprocess
from pathlib import Path

import pytest
from helpers import KINDS, ROOT, SUPPORTED_PYTHONS, files_of, run, run_own_tests

pytestmark = pytest.mark.pythons


def let_pyenv_show_all() -> dict[str, str]:
    """Return the environment, with which pyenv's python3.10 and others run, if it has them."""
    installed = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    names = [path.name for path in installed.glob("3.*")]
    return os.environ | ({"PYENV_VERSION": ":".join(names)} if names else {})


@pytest.fixture(scope="module", params=SUPPORTED_PYTHONS)
def bin_folder(request, tmp_path_factory) -> Path:
    """The bin folder of an environment with that Python and the tested cookiecutter."""
    folder = tmp_path_factory.mktemp("python") / "venv"
    command = ["uv", "venv", "--python", request.param, str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, env=let_pyenv_show_all())
    if made.returncode:
        pytest.skip(f"Python {request.param} is not here, and uv cannot install it")
    requirements = (ROOT / "tests" / "requirements.txt").read_text().split()
    [cookiecutter] = [each for each in requirements if each.startswith("cookiecutter==")]
    run("uv", "pip", "install", "--python", folder / "bin" / "python", cookiecutter)
    return folder / "bin"


@pytest.mark.parametrize("kind", KINDS)
def test_it_renders_the_same_bytes(bin_folder, render, tmp_path, kind):
    command = [bin_folder / "cookiecutter", "--no-input", "--output-dir", tmp_path, ROOT]
    run(*command, f"model_kind={kind}")
    here = files_of(render(model_kind=kind))
    assert len(here) > 30
    assert files_of(tmp_path / "vllm_my_model") == here


def test_a_plugins_own_tests_pass(bin_folder, tmp_path):
    run(bin_folder / "cookiecutter", "--no-input", "--output-dir", tmp_path, ROOT)
    project = tmp_path / "vllm_my_model"
    python = bin_folder / "python"
    run("uv", "pip", "install", "--python", python, "--editable", f"{project}[test]")
    outcomes = run_own_tests(bin_folder, project)
    assert list(outcomes.values()).count("passed") > 40
