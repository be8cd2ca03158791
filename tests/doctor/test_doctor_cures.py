"""The commands that the doctor names as cures can be run as they are."""

import json
import os

import pytest
from breaking import ENGINE, NAME, copy, note
from shared.rendering import make_environment, run

pytestmark = pytest.mark.xdist_group("doctor")


INSTALLERS = f"""
import json, sys
from {NAME}._doctor import installers
here = sys.argv[1].split()
installers.find_spec = lambda name: name in here
installers.shutil.which = lambda name: name if name in here else None
print(json.dumps([installers.install("a b"), installers.uninstall("other")]))
"""


@pytest.mark.parametrize(
    ("here", "cure"),
    [
        ("pip uv ensurepip", "PYTHON -m pip install 'a b'"),
        ("pip", "PYTHON -m pip install 'a b'"),
        ("uv ensurepip", "uv pip install --python PYTHON 'a b'"),
        ("ensurepip", "PYTHON -m ensurepip && PYTHON -m pip install 'a b'"),
        ("", "install pip or uv, then PYTHON -m pip install 'a b'"),
    ],
)
def test_a_cure_names_the_installer_that_is_here(built, tmp_path, here, cure):
    spaced = tmp_path / "with space"
    spaced.symlink_to(built.venv)
    python = spaced / "bin" / "python"
    settings = os.environ | {"PYTHONPATH": str(built.site)}
    install, uninstall = json.loads(run(python, "-c", INSTALLERS, here, env=settings).stdout)
    note(install, uninstall)
    cure = cure.replace("PYTHON", f"'{python}'")
    assert install == cure
    assert uninstall == cure.replace("pip install", "pip uninstall").replace("'a b'", "other")


def test_a_cure_can_be_pasted_where_a_path_has_a_space(doctor, built, tmp_path):
    project = copy(built.project, tmp_path / "with space" / NAME)
    bin_folder = make_environment(tmp_path / "with space" / "venv", "setuptools")
    python = bin_folder / "python"
    wanted = f"{NAME} is not installed in "
    cure = f"uv pip install --python '{python}' --force-reinstall '{project}'"
    expected = [("problem", wanted, cure)]
    report = doctor(ENGINE, python=python, cwd=project, expected=expected, ok=2)
    [cure] = [finding["cure"] for finding in report if finding["cure"]]
    run("bash", "-c", cure)
    doctor(ENGINE, python=python)


NAMES_IT = {
    "setup.py": f"setup(name={NAME!r})",
    "pyproject.toml": '[project]\nname = "vllm-my-model"\n',
}
REQUIRES_IT = {
    "setup.py": f"setup(name='other', install_requires=[{NAME!r}])",
    "pyproject.toml": f'[project]\nname = "other"\ndependencies = ["{NAME}"]\n',
}


@pytest.mark.parametrize("file", NAMES_IT)
@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        ("", NAMES_IT, True),
        ("src", NAMES_IT, True),
        ("packages/python", NAMES_IT, True),
        ("src", REQUIRES_IT, False),
        (".venv/lib/python3/site-packages", REQUIRES_IT, False),
        (".venv/lib/python3/site-packages", dict.fromkeys(NAMES_IT, ""), False),
        (".venv/lib/python3/site-packages", NAMES_IT, True),
    ],
)
def test_a_cure_installs_the_project_that_builds_this_package(
    built, tmp_path, file, place, text, found
):
    copy(built.site / NAME, tmp_path / "project" / place / NAME)
    (tmp_path / "project" / file).write_text(text[file])
    path = str(tmp_path / "project" / place)
    code = f"from {NAME}._doctor.installers import install; print(install())"
    cure = run(built.python, "-c", code, env=os.environ | {"PYTHONPATH": path}).stdout.strip()
    assert cure.rpartition(" ")[2] == (str(tmp_path / "project") if found else NAME)
