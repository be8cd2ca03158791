"""Functions that several tests share: render, run, make an environment, read a report."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from threading import Event, Timer

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "{{cookiecutter.package_name}}"
TEMPLATES = ROOT / "templates"
SUPPORTED_VLLM = (TEMPLATES / "shared" / "supported_vllm.txt").read_text().split()
SUPPORTED_PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
# What the rules for answers know of kinds and rooms.
RULES = run_path(str(ROOT / "answer_rules.py"))
KINDS = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))["kind"]
# Those that are models, and the others.
MODELS = [kind for kind in KINDS if "model" in RULES["room"](kind)["brings"]]
PARTS = [kind for kind in KINDS if kind not in MODELS]
# Seconds: what a command may take, and one that installs vLLM or starts several engines.
LIMIT, LONG_LIMIT = 600, 2400
# CONTRIBUTING's test command, one by one.
[TEST_COMMAND] = re.findall(
    r"^```bash\n(.+)\n```$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.M
)
TEST_COMMANDS = TEST_COMMAND.split(" && ")
# Options for a package's own tests that leave out what is the same in each package, and starts an
# interpreter each time: that is run for one kind alone, and for packages with every part.
SAME_IN_EACH_PACKAGE = [
    "--deselect=tests/_template/test_doctor.py",
    "--deselect=tests/_template/test_audit.py",
    "--deselect=tests/_template/test_safety.py",
    "-k",
    "not new_process and not imports_no_heavy_module and not register_leaves_the_classes",
]
# Relative to a rendered project.
FIXTURE_ENGINE = Path("tests", "_template", "fixture_engine")


def use_this_environment() -> None:
    """Let ruff, uv and others be those beside this Python, also in an inactive environment."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def render_into(folder: Path, **answers: str) -> Path:
    """Render the template into ``folder`` through cookiecutter's API and return the project."""
    project = cookiecutter(str(ROOT), no_input=True, extra_context=answers, output_dir=str(folder))
    return Path(project)


def files_of(project: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, by its path there."""
    paths = [path for path in project.rglob("*") if path.is_file()]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what is or would be under version control into a repository of its own."""
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout
    for name in files.splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run("git", "init", "--quiet", folder)
    commit(folder, "copy")
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit everything that is in a repository."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    run("git", "-C", folder, "add", "--all")
    run("git", "-C", folder, *identity, "commit", "--quiet", f"--message={message}")


def documents_of(project: Path) -> str:
    """Return the README of a rendered project and the pages that it links to, as one text."""
    pages = [project / "README.md", *sorted((project / "docs" / "_template").glob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


# What each kind must have, and each kind of model.
OF_A_KIND = {"audit_reference.json", "guide.md", "kind.json", "proof/own_tests.json", "yours.md"}
OF_A_MODEL = {
    *("ask.md", "python.md", "serve.md"),
    *("proof/changes.py", "proof/in_vllm.json", "proof/loading.py"),
    *("plugin/config.py", "plugin/model.py", "tests/test_model.py"),
}


def differences_of_room(folder: Path) -> tuple[set[str], set[str]]:
    """Return the files that a kind's folder lacks, and those that it has beyond what a kind owes."""
    there = set(files_of(folder))
    stated = json.loads((folder / "kind.json").read_text("utf-8")) if "kind.json" in there else {}
    owed = OF_A_KIND | (OF_A_MODEL if "model" in stated.get("brings", []) else set())
    return owed - there, there - owed


def proof_of(kind: str) -> dict:
    """Return what proof/in_vllm.json of a kind of model states, for the tests in real vLLM.

    ``asked_at``: the server's path that README asks. ``script``: which of tests/in_vllm/scripts
    compares its output. ``names``: what config.json sets for that. ``idle_tensors``: how many
    tensors of the tiny checkpoint change nothing. ``settings_in``: where config.json holds the
    language model's settings, null for the top.
    """
    path = TEMPLATES / "kinds" / kind / "proof" / "in_vllm.json"
    return json.loads(path.read_text("utf-8"))


def read_about(project: Path) -> dict:
    """Return what the about.py of a rendered project states."""
    return run_path(str(project / project.name / "about.py"))


def settings_of(project: Path, folder: Path) -> dict[str, str]:
    """Write what the parts of a package need below a folder; return the environment variables for it.

    Without these, its doctor says that they are not set.
    """
    files = project.glob("tests/_template/settings_of_*.py")
    found = [run_path(str(file))["settings_in"](folder) for file in files]
    return {name: value for settings in found for name, value in settings.items()}


@contextlib.contextmanager
def at_most(seconds: float, process: subprocess.Popen) -> Iterator[Event]:
    """End a process, and all that it has started, if a block takes more than some seconds.

    The process leads a session of its own. Gives an event that is set if it was ended.
    """
    late = Event()

    def end() -> None:
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = Timer(seconds, end)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def result_of(
    *command: str | Path, limit: float = LIMIT, typed: str | None = None, **options
) -> subprocess.CompletedProcess:
    """Run a command, and return its exit status and what it printed.

    After ``limit`` seconds it is ended, with all that it has started, and an AssertionError says
    what it had printed so far. ``typed`` is its input; without it there is none.
    """
    source = subprocess.DEVNULL if typed is None else subprocess.PIPE
    pipes = {"stdin": source, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    pipes |= {"text": True, "start_new_session": True}
    with subprocess.Popen(command, **(pipes | options)) as process:
        try:
            output, errors = process.communicate(typed, timeout=limit)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            shown = b"\n".join(part or b"" for part in (error.stdout, error.stderr))
            text = f"{command} was not done in {limit} s, having printed:\n{shown.decode()}"
            raise AssertionError(text) from None
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def run(*command: str | Path, **options) -> subprocess.CompletedProcess:
    """Run a command, and fail with all that it printed if its exit status is not 0."""
    result = result_of(*command, **options)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result


def can_be_written(folder: str) -> bool:
    """Tell whether a folder is there, or can be made, and files can be written into it."""
    if not os.path.isabs(folder):
        return False
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def make_environment(folder: Path, *requirements: str | Path, limit: float = LIMIT) -> Path:
    """Make a virtual environment with some packages in it, and return its bin folder."""
    run("uv", "venv", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    run("uv", "pip", "install", "--python", python, *requirements, limit=limit)
    return python.parent


def make_editable(folder: Path) -> Path:
    """Render the default package into ``folder``, beside a copy in original/, and install it.

    It is editable, in venv/, with what its own tests need. Returns the project.
    """
    project = render_into(folder)
    make_environment(folder / "venv", "griffe", "pytest", "--editable", project)
    shutil.copytree(project, folder / "original")
    return project


def restore(project: Path) -> None:
    """Undo every edit of a project that make_editable() has made."""
    shutil.rmtree(project)
    shutil.copytree(project.parent / "original", project)


def install_into(site: Path, project: Path) -> None:
    """Build a project with the setuptools that is here, and install it in a folder."""
    how = ["--quiet", "--no-build-isolation", "--python", sys.executable]
    run("uv", "pip", "install", *how, "--target", site, project)


def needed_by_tests(kind: str) -> list[str]:
    """Return the requirements of the tests of a package of a kind, in the order of its metadata."""
    needed = [each for room in RULES["rooms_of"]([kind]) for each in room.get("tests_need", [])]
    return sorted(["griffe>=1.14", "pytest>=8", *needed])


def run_own_tests(
    bin_folder: Path, project: Path, *options: str, limit: float = LIMIT, **settings: str
) -> dict[str, str]:
    """Run a rendered project's own tests, and return the outcome of each: passed or skipped.

    ``settings`` are environment variables.
    """
    report = project.parent / "report.xml"
    environment = os.environ | settings
    run(
        bin_folder / "pytest",
        f"--junit-xml={report}",
        *options,
        cwd=project,
        limit=limit,
        env=environment,
    )
    cases = ElementTree.parse(report).iter("testcase")
    return {
        f"{case.get('classname')}::{case.get('name')}": "skipped"
        if case.find("skipped") is not None
        else "passed"
        for case in cases
    }


def write_into_readme(by: str, text: str, readme: Path = ROOT / "README.md") -> None:
    """Put a text between the two marks in a README that name the script it is written by.

    ValueError if the README has no such marks.
    """
    before, start, rest = readme.read_text("utf-8").partition(f"<!-- by {by} -->\n\n")
    _, end, after = rest.partition("\n<!-- end -->")
    if not (start and end):
        raise ValueError(f"{readme} has no marks around what {by} writes")
    readme.write_text(before + start + text + end + after, encoding="utf-8")


def at_a_terminal(typed: str, *command: str, limit: float = 120) -> tuple[int, str]:
    """Run a command at a terminal, type the lines; return the exit status and what was shown.

    One that asks for more than is typed waits: after ``limit`` seconds it is ended, and an
    AssertionError says what it had shown.
    """
    terminal, its_end = os.openpty()
    process = subprocess.Popen(
        command, stdin=its_end, stdout=its_end, stderr=its_end, start_new_session=True
    )
    os.close(its_end)
    shown = b""
    with at_most(limit, process) as late:
        # Writing and reading fail when nobody has the other end open any more.
        with contextlib.suppress(OSError):
            os.write(terminal, typed.encode())
            while read := os.read(terminal, 4096):
                shown += read
        status = process.wait(2 * limit)
    os.close(terminal)
    assert not late.is_set(), f"{command} still waits after {limit} s:\n{shown.decode()}"
    return status, shown.decode()


def dialogue(shown: str) -> list[str]:
    """Return what cookiecutter shows at a terminal, a string for each line to type, uncoloured."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown.replace("\r", ""))
    questions = plain[plain.index("  [1/") :].partition("The plugin is ready")[0]
    return re.findall(r".+?\): ", questions, re.DOTALL)


# At a terminal: two bad package names, later a bad class name, and defaults for all else.
TYPED = "\n\nMy Model\nvllm\nparrot\n\nLlamaForCausalLM\nParrot\n" + "\n" * 6


def assert_was_asked_again(status: int, shown: str, folder: Path) -> None:
    """Assert that what is in TYPED led to three refusals and a plugin in ``folder``."""
    assert status == 0, shown
    assert re.findall(r"Error: (\w+) = '([^']+)'", shown) == [
        ("package_name", "My Model"),
        ("package_name", "vllm"),
        ("class_name", "LlamaForCausalLM"),
    ]
    about = read_about(folder / "parrot")
    assert (about["PLUGIN_NAME"], list(about["ARCHITECTURES"])) == ("parrot", ["Parrot"])
