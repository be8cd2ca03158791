"""README says what is so: its commands, its tables, its files."""

import json
import re
import shutil
import sys
from pathlib import Path
from runpy import run_path

import pytest
from shared.rendering import (
    KINDS,
    ROOT,
    RULES,
    SUPPORTED_VLLM,
    TEST_COMMANDS,
    at_a_terminal,
    dialogue,
    result_of,
    run,
)

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
OLDEST_COOKIECUTTER = run_path(str(ROOT / "template_extension.py"))["OLDEST_COOKIECUTTER"]
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))


# CONTRIBUTING's test command, then what its table of lanes has.
CI = [
    *TEST_COMMANDS,
    ".venv/bin/pytest -n 2 -m pythons",
    ".venv/bin/pytest -n 2 -m real",
]
# Notes how it was called, and fails if that is what the test wants to fail.
STUB = """\
#!/bin/sh
call="$NAME $*"
echo "$call" >> calls
[ "$call" != "$FAILING" ]
"""


def run_ci(folder: Path, failing: str) -> tuple[int, list[str]]:
    """Run .ci/run with nothing but stubs; return its exit status and the commands that it ran.

    An environment from an earlier run is there.
    """
    for name in (".ci/run", "python3", ".venv/bin/pip", ".venv/bin/pytest"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STUB.replace("$NAME", name))
        file.chmod(0o755)
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    settings = {"PATH": f"{folder}:/usr/bin:/bin", "FAILING": failing}
    status = result_of("bash", ".ci/run", cwd=folder, env=settings).returncode
    return status, (folder / "calls").read_text().splitlines()


def test_ci_runs_the_test_command_and_all_other_lanes(tmp_path):
    assert run_ci(tmp_path, "nothing") == (0, CI)


@pytest.mark.parametrize("failing", CI)
def test_ci_stops_at_the_first_command_that_fails_and_fails(tmp_path, failing):
    assert run_ci(tmp_path, failing) == (1, CI[: CI.index(failing) + 1])


def test_the_render_command_of_the_readme_renders(tmp_path):
    [command] = re.findall(r"^```bash\n(.+)\n```$", README, re.MULTILINE)
    _, arguments = command.split("&& .venv/bin/cookiecutter ")
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*"))
    run(sys.executable, "-m", "cookiecutter", "--no-input", *arguments.split(), cwd=clone)
    assert (tmp_path / "vllm_my_model" / "setup.py").exists()


def test_the_table_has_the_questions_in_their_order():
    questions = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert questions == [name for name in QUESTIONS if not name.startswith("_")]


def test_the_table_has_the_defaults():
    defaults = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", PAGE, re.MULTILINE))
    assert len(defaults) == 7
    assert defaults.pop("class_name") == RULES["default_class"](KINDS[0])
    assert defaults.pop("package_name") == RULES["default_package"](KINDS[0])
    for name, default in defaults.items():
        value = QUESTIONS[name]
        assert default == (value[0] if isinstance(value, list) else value), name
    for license_name in QUESTIONS["license"]:
        assert f"`{license_name}`" in PAGE


def test_the_table_has_the_default_class_of_each_kind():
    [line] = re.findall(r"^\| `class_name` \|.*$", PAGE, re.MULTILINE)
    shown = re.findall(r"`(My\w+)`", line)
    assert shown == list(dict.fromkeys(map(RULES["default_class"], KINDS)))


def test_the_oldest_cookiecutter_is_named():
    assert f"Cookiecutter {OLDEST_COOKIECUTTER} or newer" in PAGE


def test_the_table_has_the_kinds_and_their_labels():
    [table] = re.findall(r"^\| `kind` \|.+?\n\n", README, re.MULTILINE | re.DOTALL)
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE))
    rows.pop("kind")
    assert rows == {kind: RULES["room"](kind)["label"] for kind in KINDS}


def test_the_table_has_the_supported_versions():
    assert re.findall(r"^\| (\d[\d.]+) \|", README, re.MULTILINE) == SUPPORTED_VLLM


def test_the_tree_shows_what_is_rendered(render):
    project = render(package_name="vllm_parrot")
    tree = README.split("```text\n")[1].split("```")[0]
    names = re.findall(
        r"[\w.]+\.(?:py|toml|md|in)\b|LICENSE|Dockerfile|\.gitignore|\.github|\w+(?=/)", tree
    )
    rendered = {path.name for path in project.rglob("*")} | {project.name}
    assert len(names) > 15
    assert set(names) <= rendered
    assert {path.name for path in project.iterdir()} <= set(names)


# What was typed in the transcript; nothing for all other questions.
TYPED = {3: "vllm_parrot", 5: "ParrotForCausalLM", 6: "parrot"}


def test_the_transcript_is_what_a_run_shows(tmp_path, render):
    [transcript] = re.findall(r"^```console\n\$ uvx (.+?)^```", README, re.MULTILINE | re.DOTALL)
    asked = [name for name in QUESTIONS if not name.startswith("_")]
    typed = [TYPED.get(number, "") for number in range(1, len(asked) + 1)]
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), "-o", str(tmp_path)]
    status, shown = at_a_terminal("\n".join([*typed, ""]), *command)
    assert status == 0, shown
    questions = zip(dialogue(shown), typed, strict=True)
    lines = "\n".join(question + answer for question, answer in questions).splitlines()
    lines += ["The plugin is ready. The next three commands install and test it:"]
    lines += ["$ cd vllm_parrot", *(f"$ {line.strip()}" for line in shown.splitlines()[-2:])]
    loading = (tmp_path / "vllm_parrot/docs/_template/loading.md").read_text(encoding="utf-8")
    [doctor] = re.findall(r"^\$ python -m \w+ /path/to/llama\n(.+?)^```", loading, re.M | re.S)
    lines += ["$ .venv/bin/python -m vllm_parrot", *doctor.splitlines()]
    lines = [line.rstrip() for line in lines]
    # In order, and whole but where it says so; the rest of pytest's last line is another test's.
    _, *shown_lines = transcript.splitlines()
    gap = False
    for line in shown_lines:
        if line.strip() == "…" or re.fullmatch(r"\d+ passed, \d+ skipped", line):
            gap = gap or line.strip() == "…"
            continue
        place = lines.index(line)
        assert place == 0 or gap, f"{lines[0]!r} is missing before {line!r}"
        lines, gap = lines[place + 1 :], False


def test_no_prompt_wraps_at_80_columns(tmp_path):
    for number, kind in enumerate(KINDS, 1):
        command = [sys.executable, "-m", "cookiecutter", str(ROOT), "-o", str(tmp_path / kind)]
        _, shown = at_a_terminal(f"{number}\n" + "\n" * 10, *command)
        lines = [line for question in dialogue(shown) for line in question.splitlines()]
        assert len(lines) > len(KINDS) + 10
        assert [line for line in lines if len(line) > 80] == []


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 110


@pytest.mark.parametrize(
    "path",
    re.findall(r"^\| `([^`]+)`", CONTRIBUTING.split("| where |")[1].split("\n\n")[0], re.M),
)
def test_the_files_that_contributing_names_are_there(path):
    assert (ROOT / path).exists()
