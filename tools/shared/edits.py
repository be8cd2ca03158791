"""Edits of a rendered package, and the guides, whose blocks are edits.

A guide in ``docs/guides/`` changes a rendered package into another model. It is the only place where
its changes stand: tests read them from the page, make them, and run the package's own tests.
"""

import re
from pathlib import Path
from typing import NamedTuple

from shared.rendering import ROOT, render_into

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
BLOCK = re.compile(r'^```(\w+) title="([^"\n]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
# The first word of a command that renders, and what follows the template's place.
RENDERS = re.compile(r"^cookiecutter \S+ (.+)$", re.MULTILINE)
MISTAKES = "\n## Mistakes, and how they show\n"


class Edit(NamedTuple):
    """What to put in place of what, in which file of the tests or of the package.

    ``old`` is None where ``new`` is the whole file.
    """

    file: str
    old: str | None
    new: str


class Mistake(NamedTuple):
    """Further edits, and how they show: a failing test's name, or a part of what is said."""

    edits: list[Edit]
    seen: str


class Guide(NamedTuple):
    """What a page tells its reader to answer and to edit, and what may go wrong, by its title."""

    answers: dict[str, str]
    edits: list[Edit]
    mistakes: dict[str, Mistake]


def apply(edits: list[Edit], project: Path) -> None:
    """Make edits in a rendered project; raise ValueError for one that does not fit exactly once."""
    for edit in edits:
        folder = project if edit.file.startswith("tests/") else project / project.name
        file = folder / edit.file
        text = file.read_text(encoding="utf-8")
        file.write_text(edited(text, edit), encoding="utf-8")


def edited(text: str, edit: Edit) -> str:
    """Return what an edit makes of the text of its file; ValueError if it does not fit exactly once."""
    old = text if edit.old is None else edit.old
    if text.count(old) != 1:
        raise ValueError(f"{edit.file} holds {text.count(old)} times:\n{old}")
    return text.replace(old, edit.new)


def read_guide(page: Path) -> Guide:
    """Return what a page says; raise ValueError for a block or a mistake that nobody could follow."""
    text = page.read_text(encoding="utf-8")
    commands = RENDERS.findall(text)
    if len(commands) != 1:
        raise ValueError(f"{page} has {len(commands)} commands that render a package, and not one")
    answers = dict(answer.split("=", 1) for answer in commands[0].split())
    changes, _, mistakes = text.partition(MISTAKES)
    return Guide(
        answers,
        edits_in(changes, answers["package_name"]),
        dict(mistake_in(part, answers["package_name"]) for part in mistakes.split("\n### ")[1:]),
    )


def edits_in(text: str, package: str) -> list[Edit]:
    """Return the edits in a part of a page, in their order."""
    edits = [
        edit_of(language, title.removeprefix(f"{package}/"), block)
        for language, title, block in BLOCK.findall(text)
    ]
    if len(edits) != text.count(' title="'):
        raise ValueError(f"a block with a title is not closed, or has more than a title:\n{text}")
    return edits


def edit_of(language: str, file: str, block: str) -> Edit:
    """Return the edit that a block is: a diff changes a part of its file, any other is the file."""
    if language != "diff":
        return Edit(file, None, block)
    lines = block.splitlines(keepends=True)
    # Editors and checkers take the space off a line that is otherwise empty.
    unknown = [line for line in lines if line[0] not in " +-\n"]
    if unknown:
        raise ValueError(f"a line of a diff begins with a space, + or -, and not {unknown[0][0]!r}")
    old = "".join(line[line[0] != "\n" :] for line in lines if line[0] != "+")
    new = "".join(line[line[0] != "\n" :] for line in lines if line[0] != "-")
    return Edit(file, old, new)


def mistake_in(part: str, package: str) -> tuple[str, Mistake]:
    """Return the title of a mistake and the mistake; what it is seen by stands as code before it."""
    title, _, rest = part.partition("\n")
    seen = re.search(r"`([^`]+)`", rest.partition("```")[0])
    edits = edits_in(rest, package)
    if not (seen and edits):
        raise ValueError(f"{title!r} lacks a block, or what shows the mistake, as code before it")
    return title, Mistake(edits, seen[1])


def render_guide(page: Path, folder: Path) -> Path:
    """Render the package that a page is about into ``folder``, make its edits, return its path."""
    guide = read_guide(page)
    project = render_into(folder, **guide.answers)
    apply(guide.edits, project)
    return project
