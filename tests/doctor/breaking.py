"""A rendered package and ways to break what is around it, for the tests of the doctor."""

import shutil
from pathlib import Path

from shared.rendering import FIXTURE_ENGINE, TEMPLATE, install_into, run

ENGINE = TEMPLATE / FIXTURE_ENGINE
NAME, PLUGIN, ARCHITECTURE, MODEL_TYPE = "vllm_my_model", "my-plugin", "MyForCausalLM", "my_type"
MODEL_CLASS = f"{NAME}.model:{ARCHITECTURE}"
# Lines of a report in which all is well, without and with a checkpoint.
HEALTHY, HEALTHY_CHECKPOINT = 8, 10
CONFIG = {"architectures": [ARCHITECTURE], "model_type": MODEL_TYPE}

# All that the doctor has said in the tests of this folder, for test_doctor_messages.py.
SAID: list[str] = []


def note(text: str, cure: str) -> None:
    SAID.append(f"{text}\n{cure}")


def copy(source: Path, target: Path) -> Path:
    return shutil.copytree(source, target)


def install(site: Path, folder: Path, name: str, version="1", packages=(), group="", plugin=""):
    """Write a project, some packages of which are copies of folders, and install it in a site."""
    project = folder / f"{name}-{version}"
    project.mkdir()
    for package in packages:
        copy(package, project / package.name)
    points = {group: [plugin]} if group else {}
    (project / "setup.py").write_text(
        "from setuptools import setup, find_packages\n"
        f"setup(name={name!r}, version={version!r}, entry_points={points!r},\n"
        "      packages=find_packages())\n"
    )
    install_into(site, project)


def another_plugin(site: Path, folder: Path, name: str, body: str) -> None:
    """Install another distribution, other, with a plugin that registers with ``body``."""
    package = folder / "other"
    package.mkdir()
    text = "def register():\n    from vllm import ModelRegistry\n    "
    (package / "__init__.py").write_text(text + body)
    plugin = f"{name} = other:register"
    install(site, folder, "other", "2", [package], "vllm.general_plugins", plugin)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def egg_info(built, folder: Path, old: str, new: str) -> Path:
    """Return a project of which only setup.py's egg_info is left, from an edited setup.py."""
    project = copy(built.project, folder / "stale")
    edit(project / "setup.py", old, new)
    run(built.python, "setup.py", "egg_info", cwd=project)
    shutil.rmtree(project / NAME)
    return project / f"{NAME}.egg-info"


def assert_finds(findings, *expected) -> None:
    assert len(findings) == len(expected), findings
    for (level, text, cure), (a, b, c) in zip(findings, expected, strict=True):
        assert (level, b in text, c in cure) == (a, True, True), (level, text, cure)
