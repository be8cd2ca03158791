"""A guide says of a package what is so: its code, what its commands print, and what the doctor says."""

import os
import re
import sys
import sysconfig
from pathlib import Path

import pytest
from documents import README, words_of
from guides import (
    ELLIPSIS,
    HEADINGS,
    blocks_of,
    changed_by,
    commands_of,
    first_run_that_is_not_in,
    page_of,
    prose_of,
    quotes_of,
    unsaid,
    words_of_doctor,
)
from shared.rendering import KINDS, documents_of, render_into, result_of, run

# Blocks that nothing shows to be right. There is none, and there should be none.
NOT_RUN = 0
# The languages of blocks: an excerpt of a file, a change of one, commands, and what stands in the
# pages of the package too.
LANGUAGES = {"python", "diff", "console", "bash", "text", "json"}
# What differs from run to run, or from release to release: (pattern, what stands for it).
DIFFERS = [
    (r"\d+ passed in \d+\.\d+s", "… passed in …s"),
    (r"(\.py):\d+", r"\1:…"),
    (r"\b(vLLM |engine |tested: |to )\d+\.\d+\.\d+", r"\1…"),
]


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


def in_documents(lines: list[str], documents: str) -> bool:
    return f"\n{chr(10).join(lines)}\n" in documents


def test_a_guide_answers_the_same_questions_as_all_others(kind):
    page = page_of(kind)
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == HEADINGS
    assert re.match(r"# [A-Z].+\n\n[A-Z]", page)
    assert 60 <= len(page.splitlines()) <= 130
    # Tables and messages cannot be wrapped.
    prose = [line for line in prose_of(page).splitlines() if not line.startswith(("|", ">"))]
    assert [line for line in prose if len(line) > 105] == []
    assert {block.language for block in blocks_of(page)} <= LANGUAGES


def test_the_code_in_a_guide_is_that_of_the_package(kind, render):
    project = render(kind=kind)
    excerpts = [block for block in blocks_of(page_of(kind)) if block.language == "python"]
    assert len(excerpts) >= 2
    for block in excerpts:
        assert block.title, f"the guide of {kind} does not say where this is: {block.lines[0]}"
        text = (project / block.title).read_text(encoding="utf-8")
        lacking = first_run_that_is_not_in(text, block.lines)
        assert lacking is None, f"this is not in {block.title}:\n{lacking}"


def test_the_commands_that_a_guide_does_not_run_stand_in_the_package_too(kind, render):
    """The real lane runs what a package's README shows, so a guide shows nothing else."""
    documents = documents_of(render(kind=kind))
    [cookiecutter] = re.findall(r"^\$ (uvx cookiecutter gh:\S+)$", README, re.MULTILINE)
    documents += f"\n{cookiecutter} --no-input kind={kind}\n"
    blocks = [
        block for block in blocks_of(page_of(kind)) if block.language in {"bash", "text", "json"}
    ]
    assert [cookiecutter in line for block in blocks for line in block.lines].count(True) == 1
    for block in blocks:
        if block.info == "not-run":
            continue
        assert block.info == "", block
        # Two blocks of the package may be one in a guide.
        for piece in "\n".join(block.lines).split("\n\n"):
            assert in_documents(piece.splitlines(), documents), f"not in the package:\n{piece}"


def test_nearly_everything_in_the_guides_is_shown_to_be_right():
    blocks = [block for kind in KINDS for block in blocks_of(page_of(kind))]
    assert sum(block.info == "not-run" for block in blocks) == NOT_RUN


def test_the_doctor_can_say_what_a_guide_quotes(kind, render):
    words = words_of_doctor(render(kind=kind), kind)
    quotes = quotes_of(page_of(kind))
    assert quotes
    assert {quote: lost for quote in quotes if (lost := unsaid(quote, words))} == {}


def test_the_files_that_a_guide_names_are_in_the_package(kind, render):
    project = render(kind=kind)
    names = re.findall(r"`([\w./-]+\.(?:py|md|toml))`", words_of(prose_of(page_of(kind))))
    folders = ["", "tests", project.name]
    lost = [name for name in names if not any((project / f / name).is_file() for f in folders)]
    assert lost == []
    assert "docs/_template/changing.md" in names


def as_shown(text: str, places: dict[str, str]) -> list[str]:
    """Return the lines of what was printed, or of what a page says, without what differs."""
    for place, shown in places.items():
        text = text.replace(place, shown)
    for pattern, shown in DIFFERS:
        text = re.sub(pattern, shown, text)
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def environment_for(project: Path) -> Path:
    """Install a project, editable, in an environment that has what this one has; return its bin folder."""
    folder = project.parent / "venv"
    run("uv", "venv", "--quiet", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    [site] = folder.glob("lib/python*/site-packages")
    (site / "what_is_here.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    how = ["--quiet", "--no-build-isolation", "--no-deps", "--python", str(python)]
    run("uv", "pip", "install", *how, "--editable", project)
    pytest_here = python.with_name("pytest")
    pytest_here.write_text(f'#!/bin/sh\nexec "{python}" -m pytest "$@"\n', encoding="utf-8")
    pytest_here.chmod(0o755)
    return python.parent


def test_the_commands_of_a_guide_print_what_it_shows(kind, tmp_path):
    project = render_into(tmp_path, kind=kind)
    bin_folder = environment_for(project)
    [site] = tmp_path.glob("venv/lib/python*/site-packages")
    places = {str(site): "/path/to/site-packages", str(project): f"/path/to/{project.name}"}
    path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])
    unset = ("VLLM_PLUGINS", "PYTHONPATH", "COLUMNS")
    settings = {name: value for name, value in os.environ.items() if name not in unset}
    settings |= {"PATH": path, "VLLM_CACHE_ROOT": str(tmp_path / "cache")}
    exports: list[str] = []
    original: dict[Path, str] = {}
    shown = 0
    for block in blocks_of(page_of(kind)):
        if block.language == "diff":
            # Each is a change of the package as it is rendered.
            for file, text in original.items():
                file.write_text(text, encoding="utf-8")
            file = project / str(block.title)
            original[file] = file.read_text(encoding="utf-8")
            file.write_text(changed_by(block, original[file]), encoding="utf-8")
        for command, expected in commands_of(block) if block.language == "console" else []:
            script = "\n".join(["exec 2>&1", *exports, command])
            printed = result_of("bash", "-c", script, cwd=project, env=settings).stdout
            if command.startswith("export "):
                exports.append(command)
            said = "\n".join(as_shown(printed, places))
            lines = as_shown("\n".join(expected), {})
            shortened = ELLIPSIS in lines
            lacking = first_run_that_is_not_in(said, lines) if shortened else None
            assert lacking is None, f"$ {command}\ndoes not print\n{lacking}\nbut\n{said}"
            assert shortened or said.splitlines() == lines, f"$ {command}\nprints\n{said}"
            shown += bool(lines)
    # As it is rendered, and broken.
    assert shown >= 2
