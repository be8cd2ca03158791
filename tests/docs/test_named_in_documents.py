"""The commands, files, variables and versions that this repository's documents name are there."""

import re
from pathlib import Path

import pytest
from documents import CONTRIBUTING, NUMBERS, TEMPLATE_VERSION, read, words_of
from shared.rendering import KINDS, ROOT, TEMPLATE, TEMPLATES


def test_every_command_of_the_table_has_its_file_and_its_options():
    table = CONTRIBUTING.split("| what | command | needs |")[1].split("\n\n")[0]
    commands = re.findall(r"`(?:REAL_VLLM=\S+ )?\.venv/bin/(\w+) ([^`]+)`", table)
    assert len(commands) == 11
    markers = read("pyproject.toml")
    for program, arguments in commands:
        assert program in ("pytest", "python")
        for file in re.findall(r"\S+\.py", arguments):
            assert (ROOT / file).exists(), file
        for marker in re.findall(r"-m (\w+)", arguments):
            assert f'"{marker}: ' in markers, marker
        for profile in re.findall(r"--hypothesis-profile=(\w+)", arguments):
            assert f'register_profile(\n    "{profile}"' in read("tests", "conftest.py")
    assert '"--real" in words' in read("tools", "mutate.py")


def test_the_files_that_commands_name_are_there():
    text = words_of(CONTRIBUTING + read("RELEASING.md"))
    files = re.findall(r"(?:bin/python|-r|bash|bin/pytest) ([\w./]+/[\w./]+)", text)
    assert {Path(name).suffix for name in files} == {".py", ".txt", ""}
    assert len(set(files)) >= 7
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_environment_variables_that_contributing_names_are_read():
    assert set(re.findall(r"\b([A-Z_]+)=", CONTRIBUTING)) == {"REAL_VLLM"}
    assert 'os.environ.get("REAL_VLLM"' in read("tools/shared/environments.py")


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CONTRIBUTING.md",
        "DESIGN.md",
        "RELEASING.md",
        "CHANGELOG.md",
        "docs/loading.md",
        "benchmarks/README.md",
        "results/benchmarks.md",
    ],
)
def test_the_paths_that_a_document_names_are_there(document):
    text = read(document)
    paths = [p for p in re.findall(r"`([\w./-]+)`", text) if "/" in p or p.endswith((".py", ".md"))]
    paths += re.findall(r"\]\(([\w./-]+)\)", text)
    folders = (TEMPLATE, TEMPLATES)
    rendered = {path.name for folder in folders for path in folder.rglob("*")} | {"VERSION.json"}
    # The folders of a room.
    rendered |= {f"{path.name}/" for path in TEMPLATES.glob("*/*/*/")}
    missing = [
        path
        for path in map(str.strip, paths)
        if path not in rendered
        and not path.startswith((".venv/", "pypa/"))
        and not (ROOT / path).exists()
        and not (ROOT / document).parent.joinpath(path).exists()
        and not (TEMPLATE / path).exists()
        and not path.endswith(("/KIND/", "/KIND", ".cache/"))
    ]
    assert missing == []


def test_the_version_of_the_template_heads_the_changelog_and_is_the_one_to_tag():
    versions = re.findall(r"^## ([\d.]+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == TEMPLATE_VERSION
    tags = re.findall(r"^\$ git tag -a (\S+) -m (\S+)$", read("RELEASING.md"), re.MULTILINE)
    assert tags == [(f"v{TEMPLATE_VERSION}", TEMPLATE_VERSION)]
    assert f"$ git push origin v{TEMPLATE_VERSION}\n" in read("RELEASING.md")


def test_the_changelog_counts_the_kinds_that_the_first_version_had():
    [(number, names)] = re.findall(
        r"(\w+) kinds of model \((.+?)\)", words_of(read("CHANGELOG.md"))
    )
    kinds = re.findall(r"`(\w+)`", names)
    assert number == NUMBERS[len(kinds)]
    assert set(kinds) <= set(KINDS)
