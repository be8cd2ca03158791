"""Functions that several tests share: render, run, make an environment, read a report."""

import contextlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from runpy import run_path

from cookiecutter.main import cookiecutter

# So that ruff, uv and others are those beside this Python, also in an inactive environment.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "{{cookiecutter.package_name}}"
SUPPORTED_VLLM = (ROOT / "templates" / "supported_vllm.txt").read_text().split()
SUPPORTED_PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
KINDS = ["decoder", "extend", "embedding", "multimodal"]
# Relative to a rendered project.
FIXTURE_ENGINE = Path("tests", "fixture_engine")


def render_into(folder: Path, **answers: str) -> Path:
    """Render the template into ``folder`` through cookiecutter's API and return the project."""
    project = cookiecutter(str(ROOT), no_input=True, extra_context=answers, output_dir=str(folder))
    return Path(project)


def files_of(project: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, by its path there."""
    paths = [path for path in project.rglob("*") if path.is_file()]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


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


def at_a_terminal(typed: str, *command: str) -> tuple[int, str]:
    """Run a command at a terminal, type the lines; return the exit status and what was shown."""
    terminal, its_end = os.openpty()
    process = subprocess.Popen(command, stdin=its_end, stdout=its_end, stderr=its_end)
    os.close(its_end)
    os.write(terminal, typed.encode())
    shown = b""
    # Reading fails when nobody has the other end open any more.
    with contextlib.suppress(OSError):
        while read := os.read(terminal, 4096):
            shown += read
    os.close(terminal)
    return process.wait(), shown.decode()


# At a terminal: two bad package names, later a bad architecture, and defaults for all else.
TYPED = "My Model\nvllm\nparrot\n\n\nLlamaForCausalLM\nParrot\n" + "\n" * 6


def assert_was_asked_again(status: int, shown: str, folder: Path) -> None:
    """Assert that what is in TYPED led to three refusals and a plugin in ``folder``."""
    assert status == 0, shown
    assert re.findall(r"Error: (\w+) = '([^']+)'", shown) == [
        ("package_name", "My Model"),
        ("package_name", "vllm"),
        ("architecture", "LlamaForCausalLM"),
    ]
    about = read_about(folder / "parrot")
    assert (about["PLUGIN_NAME"], about["ARCHITECTURE"]) == ("parrot", "Parrot")
