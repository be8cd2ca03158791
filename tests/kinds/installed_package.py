"""A package as it is installed, broken in one place: do its tests see it, and does its doctor?"""

import functools
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from shared.edits import Edit, edited
from shared.rendering import (
    FIXTURE_ENGINE,
    RULES,
    TEMPLATES,
    install_into,
    make_environment,
    render_into,
    result_of,
    run,
)

# What looks at every part, beside the files that proof/mutations.py of its kind names.
REGISTRATION = ["tests/_template/test_registered_names.py", "tests/_template/test_registration.py"]
# What the doctor's part for a kind finds in a process that has loaded the plugins.
LOOK = """
import json, logging
logging.disable()
from {package} import register
register()
from {package}._doctor.{part} import {look}
print(json.dumps(list({look}({arguments}))))
"""
Finding = tuple[str, str, str]


@functools.cache
def proof_of(kind: str, file: str, name: str) -> dict:
    """Return what a file of a kind's proof, and of the rooms that it brings, states under a name.

    Raises KeyError if none of them does.
    """
    rooms = [TEMPLATES / each["folder"] / "proof" / file for each in RULES["rooms_of"]([kind])]
    texts = [runpy.run_path(str(path)) for path in rooms if path.exists()]
    stated = [text[name] for text in texts if name in text]
    if not stated:
        raise KeyError(f"no {file} in the proof of {kind} states {name}")
    assert len({each for changes in stated for each in changes}) == sum(map(len, stated))
    return {each: change for changes in stated for each, change in changes.items()}


def tests_of(kind: str) -> list[str]:
    """Return the files of tests that look at a part and at its registration."""
    path = TEMPLATES / "kinds" / kind / "proof" / "mutations.py"
    tests = [f"tests/{file}" for file in runpy.run_path(str(path))["TESTS"]]
    rooms = [room["name"] for room in RULES["rooms_of"]([kind])]
    return [*tests, *(REGISTRATION if "registered" in rooms else REGISTRATION[1:])]


def assert_clean(package: Path) -> None:
    """Assert that ruff, and whoever reads the pages, find nothing."""
    run("ruff", "check", ".", cwd=package)
    run("ruff", "format", "--check", ".", cwd=package)
    assert_pages_are_clean(package)


def assert_typed(package: Path) -> None:
    """Assert that the type checker finds nothing."""
    tests = [*package.glob("tests/*.py"), *package.glob("tests/_template/*.py")]
    settings = os.environ | {"MYPYPATH": f".{os.pathsep}tests"}
    run("mypy", "--explicit-package-bases", package.name, *tests, cwd=package, env=settings)


def assert_pages_are_clean(package: Path) -> None:
    for page in [package / "README.md", *package.glob("docs/_template/*.md")]:
        text = page.read_text(encoding="utf-8")
        assert "\n\n\n" not in text, page
        assert not re.search(r"{{|{%|%}|[ \t]$", text, re.MULTILINE), page


def install_alone(package: Path, folder: Path) -> tuple[Path, Path]:
    """Install a copy of a package with what it says that its tests need, and nothing else.

    Returns the bin folder of the environment, and the copy.
    """
    project = shutil.copytree(package, folder / package.name)
    return make_environment(folder / "venv", "--editable", f"{project}[test]"), project


class Installed(NamedTuple):
    """A project without its package, and the folder in which that is installed."""

    project: Path
    site: Path

    @property
    def package(self) -> str:
        return self.project.name

    def copied(self, folder: Path) -> "Installed":
        project = shutil.copytree(self.project, folder / self.package)
        return Installed(project, shutil.copytree(self.site, folder / "site"))

    def changed(self, folder: Path, file: str, old: str, new: str) -> "Installed":
        """Return a copy in which one text of the package stands for another."""
        site = shutil.copytree(self.site, folder / "site")
        path = site / self.package / file
        text = path.read_text(encoding="utf-8")
        path.write_text(edited(text, Edit(file, old, new)), encoding="utf-8")
        return Installed(self.project, site)

    def environment(self, **settings: str) -> dict[str, str]:
        path = os.pathsep.join([str(self.site), str(self.project / FIXTURE_ENGINE)])
        return os.environ | {"PYTHONPATH": path} | settings

    def run_tests(self, *options: str) -> subprocess.CompletedProcess:
        """Run tests of the package on the fixture engine, up to the first that fails."""
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        return result_of(*command, *options, cwd=self.project, env=self.environment())

    def run_tests_of(self, kind: str) -> subprocess.CompletedProcess:
        # VLLM_PLUGINS and new processes do not depend on a part.
        return self.run_tests(*tests_of(kind), "-k", "not new_process and not VLLM_PLUGINS")

    def findings(
        self, part: str, *arguments: str, look: str = "look_in_new_process", **settings: str
    ) -> list[Finding]:
        """Return what the doctor's part for a kind finds: how bad it is, what it is, the cure."""
        given = ", ".join(map(repr, arguments))
        code = LOOK.format(package=self.package, part=part, look=look, arguments=given)
        output = run(sys.executable, "-c", code, env=self.environment(**settings)).stdout
        return [(level, text, cure) for level, text, cure in json.loads(output.splitlines()[-1])]

    def doctor(self, folder: Path, **settings: str) -> tuple[int, list[Finding]]:
        """Run the doctor as a user does, in a folder; return its exit status and its findings."""
        command = [sys.executable, "-m", self.package, "--json"]
        result = result_of(*command, cwd=folder, env=self.environment(**settings))
        found = json.loads(result.stdout)
        return result.returncode, [(each["level"], each["found"], each["cure"]) for each in found]


def install(folder: Path, **answers: str) -> Installed:
    """Render a package and install it, so that its entry points are found."""
    project = render_into(folder, **answers)
    install_into(folder / "site", project)
    for name in (project.name, "build", f"{project.name}.egg-info"):
        shutil.rmtree(project / name, ignore_errors=True)
    return Installed(project, folder / "site")
