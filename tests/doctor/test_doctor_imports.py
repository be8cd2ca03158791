"""The doctor finds what hides the package or vLLM from Python, on the path or in a folder."""

import re
import sys
from pathlib import Path

import pytest
from breaking import ENGINE, HEALTHY, NAME, copy, egg_info
from shared.rendering import make_environment, result_of, run

pytestmark = pytest.mark.xdist_group("doctor")


def test_a_copy_in_front_of_the_installed_package(doctor, built, tmp_path):
    front = copy(built.site / NAME, tmp_path / "front" / NAME)
    wanted = f"{front} is imported, and hides the package that {built.site}/{NAME}-0.1.0.dist-info"
    expected = [("warning", wanted, f"take {front.parent} out of PYTHONPATH")]
    doctor(front.parent, built.site, ENGINE, expected=expected, ok=HEALTHY - 1)


def test_a_copy_in_the_current_folder(doctor, built):
    wanted = f"vllm imports {built.site}/{NAME}, but Python in this folder {built.project}/{NAME}."
    expected = [("warning", wanted, f"uv pip install --python {built.python} -e {built.project}")]
    doctor(built.site, ENGINE, expected=expected, cwd=built.project)


def make_editable(built, folder: Path, package_dir: str) -> tuple[Path, Path]:
    """Install a project as editable, whose setup.py gives package_dir or not; return both."""
    project = copy(built.project, folder / NAME)
    text = re.sub(r"\n    package_dir=.*", "", (project / "setup.py").read_text())
    (project / "setup.py").write_text(
        text.replace("\n    packages=", f"{package_dir}\n    packages=")
    )
    return project, make_environment(folder / "venv", "--editable", project)


# In the folder that holds the project, where one is after rendering it.
@pytest.mark.parametrize("package_dir", ["", '\n    package_dir={"": "."},'])
def test_the_folder_that_holds_the_project(doctor, built, tmp_path, package_dir):
    project, bin_folder = make_editable(built, tmp_path, package_dir)
    python = bin_folder / "python"
    command = [python, "-c", f"import {NAME}; {NAME}.register"]
    works = result_of(*command, cwd=tmp_path).returncode == 0
    assert works == bool(package_dir)
    wanted = (
        f"Python in this folder takes {project}, which has no __init__.py, for the package {NAME}"
    )
    cure = f"another folder, or uv pip install --python {python} --force-reinstall {project}"
    expected = [] if works else [("warning", wanted, cure)]
    doctor(ENGINE, python=python, cwd=tmp_path, expected=expected)
    if not works:
        run(*re.split(", or ", expected[0][2])[1].split())
        doctor(ENGINE, python=python, cwd=tmp_path)


def test_a_folder_without_an_init_file_on_the_path_hides_the_package(doctor, built, tmp_path):
    project, bin_folder = make_editable(built, tmp_path, "")
    wanted = f"{project} has no __init__.py, and hides the package that "
    expected = [("problem", wanted, f"take {tmp_path} out of PYTHONPATH, or uv pip install")]
    doctor(tmp_path, ENGINE, python=bin_folder / "python", expected=expected, ok=2)


def test_a_stale_egg_info_in_the_current_folder(doctor, built, tmp_path):
    stale = egg_info(built, tmp_path, "vllm.general_plugins", "some.other_group")
    wanted = f"In this folder {stale} hides the plugin from `python -m vllm…`."
    expected = [("warning", wanted, f"delete {stale}")]
    doctor(built.site, ENGINE, cwd=stale.parent, expected=expected)


def another_in_the_current_folder(built, imported: Path, here: Path) -> tuple[str, str, str]:
    wanted = f"The command vllm imports {imported}, but Python in this folder {here}."
    cure = f", or uv pip install --python {built.python} -e " if here.name == NAME else ""
    return "warning", wanted, f"go to another folder{cure}"


@pytest.mark.parametrize("package", ["vllm", NAME])
def test_another_package_in_the_current_folder(doctor, built, tmp_path, package):
    imported = {"vllm": ENGINE / "vllm", NAME: built.site / NAME}[package]
    here = copy(imported, tmp_path / "here" / package)
    expected = [another_in_the_current_folder(built, imported, here)]
    doctor(built.site, ENGINE, cwd=here.parent, expected=expected)


def test_a_current_folder_that_python_does_not_look_in(doctor, built):
    # Python 3.10 does not know the setting, and looks in it.
    found = another_in_the_current_folder(built, built.site / NAME, built.project / NAME)
    expected = [] if hasattr(sys.flags, "safe_path") else [found]
    doctor(built.site, ENGINE, cwd=built.project, env={"PYTHONSAFEPATH": "1"}, expected=expected)
