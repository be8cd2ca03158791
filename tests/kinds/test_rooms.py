"""A kind is a folder: a new one is taken up by every suite, and one that lacks a file is noticed.

Each test works on a copy of this repository, with the tests that are in it.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from shared.rendering import (
    TEMPLATES,
    copy_of_the_repository,
    differences_of_room,
    result_of,
    run,
)

pytestmark = pytest.mark.xdist_group("rooms")

LABEL = "a model that repeats what it hears"
# Where the tests that take up each kind of model stand, by lane.
TAKEN_UP_BY = {
    "not real and not pythons": {
        "answers/test_defaults.py",
        "answers/test_any_answer.py",
        "kinds/test_own_tests.py",
        "kinds/test_settings.py",
        "package/test_package.py",
        "package/test_rendered_tests.py",
        "package/test_rendering.py",
    },
    "real": {
        "in_vllm/test_authors_change.py",
        "in_vllm/test_checkpoints.py",
        "in_vllm/test_doctor_in_vllm.py",
        "in_vllm/test_models.py",
    },
}
ROOM = Path("templates", "kinds", "embedding")
FILES = sorted(
    path.relative_to(TEMPLATES.parent / ROOM).as_posix()
    for path in (TEMPLATES.parent / ROOM).rglob("*")
    if path.is_file()
)


def pytest_in(copy: Path, *options: str):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return result_of(*command, cwd=copy)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    return copy_of_the_repository(tmp_path_factory.mktemp("rooms") / "copy")


@pytest.fixture(scope="module")
def with_parrot(tmp_path_factory) -> Path:
    """A copy with one kind more: its folder, its choice, and its label."""
    copy = copy_of_the_repository(tmp_path_factory.mktemp("parrot") / "copy")
    kinds = copy / "templates" / "kinds"
    shutil.copytree(kinds / "decoder", kinds / "parrot")
    stated = {"label": LABEL, "class": "ParrotForCausalLM", "brings": ["model"]}
    (kinds / "parrot" / "kind.json").write_text(json.dumps(stated))
    path = copy / "cookiecutter.json"
    questions = json.loads(path.read_text("utf-8"))
    questions["kind"].append("parrot")
    questions["__prompts__"]["kind"]["parrot"] = f"parrot: {LABEL}"
    path.write_text(json.dumps(questions, indent=2), "utf-8")
    return copy


@pytest.mark.parametrize("lane", TAKEN_UP_BY)
def test_a_new_kind_is_taken_up_by_every_suite(with_parrot, lane):
    collected = pytest_in(with_parrot, "--collect-only", "-m", lane)
    assert collected.returncode == 0, collected.stdout
    tests = [line.partition("[") for line in collected.stdout.splitlines()]
    files = {
        test.partition("::")[0].removeprefix("tests/")
        for test, _, case in tests
        if "::" in test and re.search(r"\bparrot\b", case)
    }
    assert TAKEN_UP_BY[lane] <= files


def test_a_new_kind_is_rendered_and_passes_the_tests_of_its_kind(with_parrot):
    chosen = "parrot and not tool_parser and not twice"
    done = pytest_in(with_parrot, "tests/package/test_rendering.py", "-k", chosen)
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, done.stdout
    assert int(passed[1]) > 20


def test_the_tables_get_a_column_for_a_new_kind_and_readme_must_name_it(with_parrot):
    run(sys.executable, "tools/matrix.py", "--tables", cwd=with_parrot)
    readme = (with_parrot / "README.md").read_text("utf-8")
    assert re.search(r"^\|.*\| `?parrot`? \|", readme, re.MULTILINE)
    named = pytest_in(with_parrot, "tests/docs/test_readme.py", "-k", "kinds_and_their_labels")
    assert named.returncode == 1, named.stdout
    assert "test_the_table_has_the_kinds_and_their_labels" in named.stdout


def test_a_file_that_a_kind_lacks_is_noticed_by_a_test(copy):
    (copy / ROOM / "serve.md").rename(copy / "serve.md")
    checked = pytest_in(copy, "tests/package/test_rendering.py", "-k", "one_room")
    (copy / "serve.md").rename(copy / ROOM / "serve.md")
    assert checked.returncode == 1, checked.stdout
    assert "test_every_kind_is_one_room_with_the_same_files" in checked.stdout
    again = pytest_in(copy, "tests/package/test_rendering.py", "-k", "one_room")
    assert again.returncode == 0, again.stdout


@pytest.mark.parametrize("name", FILES)
def test_each_file_of_a_kind_is_owed(copy, name):
    file = copy / ROOM / name
    file.rename(copy / "removed")
    lacking, _ = differences_of_room(copy / ROOM)
    (copy / "removed").rename(file)
    assert name in lacking
