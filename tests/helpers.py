"""Functions that several tests share: render, run, make an environment, read a report."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from runpy import run_path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "{{cookiecutter.package_name}}"
SUPPORTED_VLLM = (ROOT / "templates" / "supported_vllm.txt").read_text().split()
KINDS = ["decoder", "extend", "embedding", "multimodal"]
# Relative to a rendered project.
FIXTURE_ENGINE = Path("tests", "fixture_engine")


def render_into(folder: Path, **answers: str) -> Path:
    """Render the template into ``folder`` through cookiecutter's API and return the project."""
    project = cookiecutter(str(ROOT), no_input=True, extra_context=answers, output_dir=str(folder))
    return Path(project)


def read_about(project: Path) -> dict:
    """Return what the about.py of a rendered project states."""
    return run_path(str(project / project.name / "about.py"))


def run(*command: str | Path, **options) -> subprocess.CompletedProcess:
    """Run a command, and fail with all that it printed if its exit status is not 0."""
    result = subprocess.run(command, capture_output=True, text=True, **options)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result


def make_environment(folder: Path, *requirements: str | Path) -> Path:
    """Make a virtual environment with some packages in it, and return its bin folder."""
    run("uv", "venv", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    run("uv", "pip", "install", "--python", python, *requirements)
    return python.parent


def run_own_tests(bin_folder: Path, project: Path, *options: str) -> dict[str, str]:
    """Run a rendered project's own tests, and return the outcome of each: passed or skipped."""
    report = project.parent / "report.xml"
    run(bin_folder / "pytest", f"--junit-xml={report}", *options, cwd=project)
    cases = ElementTree.parse(report).iter("testcase")
    return {
        f"{case.get('classname')}::{case.get('name')}": "skipped"
        if case.find("skipped") is not None
        else "passed"
        for case in cases
    }


def write_into_readme(by: str, text: str) -> None:
    """Put a text between the two marks in README.md that name the script it is written by."""
    readme = ROOT / "README.md"
    before, start, rest = readme.read_text("utf-8").partition(f"<!-- by {by} -->\n\n")
    _, end, after = rest.partition("\n<!-- end -->")
    if not (start and end):
        raise ValueError(f"README.md has no marks around what {by} writes")
    readme.write_text(before + start + text + end + after, encoding="utf-8")
