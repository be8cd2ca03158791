"""The commands that the hook prints at the end can be run as they are."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from asking import cookiecutter
from shared.rendering import ROOT, result_of, run


def test_the_hook_prints_three_commands_that_run(tmp_path):
    result = cookiecutter(tmp_path, "--no-input")
    assert result.returncode == 0, result.stderr
    change_folder, install, test = [line.strip() for line in result.stdout.splitlines()[-3:]]
    assert change_folder == f"cd {shlex.quote(str(tmp_path / 'vllm_my_model'))}"
    script = f"set -e; {change_folder}; {install}; {test}"
    output = result_of("bash", "-c", script)
    assert output.returncode == 0, output.stdout + output.stderr
    assert re.search(r"\d+ passed, \d+ skipped", output.stdout)
    # Python started in the folder above must not take the project for an empty package.
    python = tmp_path / "vllm_my_model" / ".venv" / "bin" / "python"
    import_it = "import vllm_my_model as it; print(it.register.__name__, it.__file__)"
    imported = run(python, "-c", import_it, cwd=tmp_path).stdout.split()
    assert imported == ["register", f"{tmp_path}/vllm_my_model/vllm_my_model/__init__.py"]


def test_the_folder_is_named_as_seen_from_where_cookiecutter_was_started(tmp_path):
    command = [sys.executable, "-m", "cookiecutter", "--no-input", str(ROOT)]
    environment = os.environ | {"PWD": str(tmp_path)}
    result = run(*command, cwd=tmp_path, env=environment)
    assert "\n    cd vllm_my_model\n" in result.stdout


@pytest.mark.parametrize("where", [None, "", ".", "..", "/", "/nowhere", "elsewhere"])
def test_the_folder_is_named_in_full_where_the_shell_seems_to_be_elsewhere(tmp_path, where):
    (tmp_path / "elsewhere").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PWD"}
    if where is not None:
        environment["PWD"] = str(tmp_path / where) if where == "elsewhere" else where
    command = [sys.executable, "-m", "cookiecutter", "--no-input", str(ROOT)]
    shown = run(*command, cwd=tmp_path, env=environment).stdout
    [folder] = re.findall(r"^    cd (.+)$", shown, re.MULTILINE)
    assert Path(folder) == tmp_path / "vllm_my_model"


def test_the_folder_is_named_as_seen_through_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    command = [sys.executable, "-m", "cookiecutter", "--no-input", str(ROOT)]
    environment = os.environ | {"PWD": str(tmp_path / "link")}
    result = run(*command, cwd=tmp_path / "link", env=environment)
    assert "\n    cd vllm_my_model\n" in result.stdout


def test_the_folder_is_quoted_where_a_shell_needs_it(tmp_path):
    (tmp_path / "my plugins").mkdir()
    result = cookiecutter(tmp_path / "my plugins", "--no-input")
    assert f"\n    cd '{tmp_path}/my plugins/vllm_my_model'\n" in result.stdout
