"""README says what is so: its commands, its tables, its files."""

import json
import re
import shutil
import sys

import pytest
from helpers import KINDS, ROOT, SUPPORTED_VLLM, run
from matrix import as_markdown, read_all, summary

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))


def test_ci_runs_the_test_command_of_the_readme():
    _, test_command = re.findall(r"^```bash\n(.+)\n```$", README, re.MULTILINE)
    script = (ROOT / ".ci" / "run").read_text()
    others = ".venv/bin/pytest -n 2 -m pythons\n.venv/bin/pytest -n 2 -m real\n"
    assert script.endswith(f"\n{test_command}\n{others}")
    assert "\nset -euo pipefail\n" in script


def test_the_render_command_of_the_readme_renders(tmp_path):
    command, _ = re.findall(r"^```bash\n(.+)\n```$", README, re.MULTILINE)
    _, arguments = command.split("&& .venv/bin/cookiecutter ")
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*"))
    run(sys.executable, "-m", "cookiecutter", "--no-input", *arguments.split(), cwd=clone)
    assert (tmp_path / "vllm_my_model" / "setup.py").exists()


def test_the_table_has_the_questions_in_their_order():
    table = README.split("## The questions")[1].split("\n\n")[1]
    questions = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert questions == [name for name in QUESTIONS if not name.startswith("_")]


def test_the_table_has_the_defaults():
    defaults = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", README, re.MULTILINE))
    assert len(defaults) == 6
    for name, default in defaults.items():
        value = QUESTIONS[name]
        assert default == (value[0] if isinstance(value, list) else value), name
    for license_name in QUESTIONS["license"]:
        assert f"`{license_name}`" in README


def test_the_table_has_the_kinds_of_model():
    assert re.findall(r"^\| `(\w+)` \| an? ", README, re.MULTILINE) == KINDS


def test_the_table_has_the_supported_versions_and_what_was_seen_of_them():
    assert re.findall(r"^\| (\d[\d.]+) \|", README, re.MULTILINE) == SUPPORTED_VLLM
    assert f"\n\n{summary(read_all())}\n<!-- end -->" in README


def test_the_tables_of_results_are_those_of_the_runs_and_no_cell_is_empty():
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    assert text == as_markdown(read_all())
    assert "| not run |" not in text
    assert "**failed**" not in text


def test_the_tree_shows_what_is_rendered(render):
    project = render()
    tree = README.split("```text\n")[1].split("```")[0]
    names = re.findall(
        r"[\w.]+\.(?:py|toml|md|in)\b|LICENSE|Dockerfile|\.gitignore|\.github|\w+(?=/)", tree
    )
    rendered = {path.name for path in project.rglob("*")} | {project.name}
    assert len(names) > 15
    assert set(names) <= rendered
    assert {path.name for path in project.iterdir()} <= set(names)


@pytest.mark.parametrize(
    "path", re.findall(r"^\| `([^`]+)` \|", README.split("| where |")[1], re.M)
)
def test_the_files_that_the_readme_names_are_there(path):
    assert (ROOT / path).exists()
