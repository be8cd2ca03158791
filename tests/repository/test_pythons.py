"""On each supported Python the template renders the same bytes, and what it renders passes its tests.

On the oldest and the newest, CONTRIBUTING's test command is green too.

Not in the fast lane, since it makes an environment for each; ``pytest -m pythons``. A Python that
is here must do. One that is not here, and that uv cannot install, is not tested, and named at the
end.
"""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from shared.rendering import (
    KINDS,
    LONG_LIMIT,
    PARTS,
    ROOT,
    SUPPORTED_PYTHONS,
    TEST_COMMANDS,
    copy_of_the_repository,
    files_of,
    result_of,
    run,
    run_own_tests,
)

pytestmark = pytest.mark.pythons

RUNNING = ".".join(map(str, sys.version_info[:2]))
OLDEST_AND_NEWEST = [SUPPORTED_PYTHONS[0], *SUPPORTED_PYTHONS[-2:]]
# What of the fast lane may differ between Pythons, and is not among a package's own tests: those
# run on each Python in any case.
CHOSEN = ["tests/answers", "tests/audit", "tests/doctor", "tests/engine"]
# The same on every Python, and slow.
LEFT_OUT = [
    "--ignore=tests/answers/test_any_answer.py",
    "--ignore=tests/engine/test_conformance.py",
]
# Renders each kind into a folder of its own.
RENDER = """
import json, sys
from cookiecutter.main import cookiecutter
template, folder, kinds = sys.argv[1:]
for kind in json.loads(kinds):
    cookiecutter(template, no_input=True, extra_context={"kind": kind}, output_dir=f"{folder}/{kind}")
"""


def with_pyenv() -> str:
    """Return PATH, with the Pythons that pyenv has behind it."""
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    folders = sorted(map(str, root.glob("versions/3.*/bin")))
    return os.pathsep.join([os.environ["PATH"], *folders])


def find(version: str, folder: Path) -> Path | None:
    """Return a Python of that version, which uv finds or installs, if there is one."""
    if version == RUNNING:
        # Not the one of the environment that these tests run in.
        return Path(getattr(sys, "_base_executable", sys.executable))
    settings = os.environ | {"PATH": with_pyenv()}
    command = ["uv", "python", "find", "--system", version]
    found = result_of(*command, cwd=folder, env=settings)
    if found.returncode and "No interpreter found" in found.stderr:
        if result_of("uv", "python", "install", version, cwd=folder).returncode:
            return None
        found = result_of(*command, cwd=folder, env=settings)
    assert found.returncode == 0, found.stderr
    return Path(found.stdout.strip())


# One worker makes all that belongs to one Python.
PYTHONS = {
    version: pytest.param(version, marks=pytest.mark.xdist_group(version), id=version)
    for version in SUPPORTED_PYTHONS
}


@pytest.fixture(scope="module", params=PYTHONS.values())
def clone(request, tmp_path_factory) -> Path:
    """A copy of this repository with the environment that README's command makes in it."""
    folder = tmp_path_factory.mktemp("with a space")
    python = find(request.param, folder)
    if python is None:
        pytest.xfail(
            f"Python {request.param} is not tested: it is not here, and uv cannot install it. "
            "Install it, by the system's packages or by pyenv."
        )
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(python)
    clone = copy_of_the_repository(folder / "clone")
    settings = os.environ | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for command in TEST_COMMANDS[:-1]:
        run("bash", "-ec", command, cwd=clone, env=settings, limit=LONG_LIMIT)
    asked = run(clone / ".venv/bin/python", "-c", "import sys; print(sys.version)").stdout
    assert asked.startswith(f"{request.param}.")
    return clone


@pytest.mark.parametrize("version", SUPPORTED_PYTHONS)
def test_the_requirements_can_be_met_on_it_also_where_it_is_not_here(version):
    requirements = (ROOT / "tests" / "requirements.txt").read_text()
    pins = run("uv", "pip", "compile", "-", "--python-version", version, typed=requirements).stdout
    for name in re.findall(r"^[\w-]+(?===)", requirements, re.MULTILINE):
        assert re.search(rf"^{name}==", pins, re.MULTILINE | re.IGNORECASE), name


# The Python that runs these tests has run that command. The newest may not be here yet.
@pytest.mark.parametrize(
    "clone",
    [PYTHONS[version] for version in OLDEST_AND_NEWEST if version != RUNNING],
    indirect=True,
    scope="module",
)
def test_the_test_command_of_the_readme_is_green(clone):
    command = " ".join([TEST_COMMANDS[-1], "-p no:cacheprovider", *CHOSEN, *LEFT_OUT])
    # As for a user without a home, which nothing can be written into.
    settings = {k: v for k, v in os.environ.items() if k != "UV_CACHE_DIR"} | {"HOME": os.devnull}
    output = run("bash", "-ec", command, cwd=clone, env=settings, limit=LONG_LIMIT).stdout
    [passed] = [line for line in output.splitlines() if " passed" in line]
    assert int(passed.split(" passed")[0].split()[-1]) > 200, output
    assert "skipped" not in passed, output


def test_it_renders_the_same_bytes(clone, render, tmp_path):
    run(clone / ".venv/bin/python", "-c", RENDER, ROOT, tmp_path, json.dumps(KINDS), cwd=clone)
    for kind in KINDS:
        here = files_of(render(kind=kind))
        assert len(here) > 30
        assert files_of(tmp_path / kind / render(kind=kind).name) == here, kind


def test_the_own_tests_of_a_plugin_with_every_part_pass(clone, tmp_path):
    cookiecutter = [clone / ".venv/bin/cookiecutter", "--no-input", "--output-dir", tmp_path]
    run(*cookiecutter, ROOT, f"also={','.join(PARTS)}")
    project = tmp_path / "vllm_my_model"
    python = clone / ".venv/bin/python"
    run("uv", "pip", "install", "--python", python, "--editable", f"{project}[test]")
    outcomes = run_own_tests(python.parent, project)
    assert list(outcomes.values()).count("passed") > 400
