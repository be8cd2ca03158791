"""A package as it is installed, broken in one place: do its tests see it, and does its doctor?"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from shared.rendering import TEMPLATE, install_into, render_into, result_of, run

ENGINE = TEMPLATE / "tests" / "_template" / "fixture_engine"
# What the doctor's part for a kind finds in a process that has loaded the plugins.
LOOK = """
import json, logging
logging.disable()
from {package} import register
register()
from {package}._doctor.{part} import look_in_new_process
print(json.dumps(list(look_in_new_process())))
"""


class Installed(NamedTuple):
    """A project without its package, and the folder in which that is installed."""

    project: Path
    site: Path

    @property
    def package(self) -> str:
        return self.project.name

    def changed(self, folder: Path, file: str, old: str, new: str) -> "Installed":
        """Return a copy in which one text of the package stands for another."""
        site = shutil.copytree(self.site, folder / "site")
        path = site / self.package / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return Installed(self.project, site)

    def environment(self, **settings: str) -> dict[str, str]:
        path = os.pathsep.join([str(self.site), str(ENGINE)])
        return os.environ | {"PYTHONPATH": path} | settings

    def run_tests(self, *options: str) -> subprocess.CompletedProcess:
        """Run tests of the package on the fixture engine, up to the first that fails."""
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        return result_of(*command, *options, cwd=self.project, env=self.environment())

    def findings(self, part: str, **settings: str) -> list[tuple[str, str, str]]:
        """Return what the doctor's part for a kind finds: how bad it is, what it is, the cure."""
        look = LOOK.format(package=self.package, part=part)
        output = run(sys.executable, "-c", look, env=self.environment(**settings)).stdout
        return [(level, text, cure) for level, text, cure in json.loads(output.splitlines()[-1])]

    def doctor(self, folder: Path, **settings: str) -> tuple[int, list[tuple[str, str, str]]]:
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
