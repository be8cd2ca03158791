"""What a guide holds, and what it is compared with: how its blocks are read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shared.edits import edit_of, edited
from shared.rendering import RULES, TEMPLATES

# The questions that each page answers, in this order.
HEADINGS = [
    "When to use it",
    "What the package does",
    "See it work",
    "Make it yours",
    "What goes wrong in silence",
    "Versions, and what no test shows",
]
ELLIPSIS = "..."


class Block(NamedTuple):
    """A fenced block: its language, what its info string says besides, and its lines."""

    language: str
    info: str
    lines: list[str]

    @property
    def title(self) -> str | None:
        """Return the path in the rendered package that the block names, None if it names none."""
        found = re.fullmatch(r'title="([^"]+)"', self.info)
        return found and found[1]


def page_of(kind: str) -> str:
    return (TEMPLATES / "kinds" / kind / "guide.md").read_text(encoding="utf-8")


def blocks_of(page: str) -> list[Block]:
    """Return the fenced blocks of a page. ValueError for one that is not closed."""
    fences = re.findall(r"^```.*$", page, re.MULTILINE)
    found = re.findall(r"^```(\w+) ?(.*)\n((?:(?!```).*\n)*)```$", page, re.MULTILINE)
    if len(fences) != 2 * len(found):
        raise ValueError(f"{len(fences)} fences make {len(found)} blocks: one names no language")
    return [Block(language, info, text.splitlines()) for language, info, text in found]


def prose_of(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)


def quotes_of(page: str) -> list[str]:
    """Return each quoted message in one line; a line of ">" alone stands between two."""
    blocks = re.findall(r"(?:^>.*\n)+", prose_of(page), re.MULTILINE)
    texts = [re.sub(r"^> ?", "", block, flags=re.MULTILINE) for block in blocks]
    return [" ".join(part.split()) for text in texts for part in text.split("\n\n")]


def runs_of(lines: list[str]) -> list[str]:
    """Return what stands between the ellipses of a block."""
    runs: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == ELLIPSIS:
            runs.append([])
        else:
            runs[-1].append(line)
    return ["\n".join(run).strip("\n") for run in runs if any(run)]


def first_run_that_is_not_in(text: str, lines: list[str]) -> str | None:
    """Return the first run of whole lines that does not stand in a text, behind those before it."""
    place, text = 0, f"\n{text}\n"
    for run in runs_of(lines):
        place = text.find(f"\n{run}\n", place)
        if place < 0:
            return run
        place += len(run)
    return None


def commands_of(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Return each command of a console block, and the lines that it prints."""
    command: str | None = None
    output: list[str] = []
    for line in block.lines:
        if line.startswith("$ "):
            if command is not None:
                yield command, output
            command, output = line[2:], []
        else:
            output.append(line)
    if command is not None:
        yield command, output


def changed_by(block: Block, text: str) -> str:
    """Return a file as a diff changes it; an ellipsis stands between two places.

    ValueError unless what it takes away stands there once.
    """
    for run in runs_of(block.lines):
        text = edited(text, edit_of(block.language, str(block.title), f"{run}\n"))
    return text


def words_of_doctor(project: Path, kind: str) -> list[str]:
    """Return the fixed words of what the doctor of a package can say, the longest first.

    The plugin's own messages are among them, since the doctor repeats what it is told.
    """
    package = project / project.name
    names = [RULES["room"](room["name"]).get("doctor") for room in RULES["rooms_of"]([kind])]
    assert any(names), f"nothing looks at {kind}"
    texts = set()
    for file in [*package.glob("*.py"), *package.glob("_doctor/*.py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts |= {
            " ".join(node.value.split())
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documented
        }
    return sorted((text for text in texts if re.search(r"[a-z]{2}", text)), key=len, reverse=True)


def whole(text: str) -> str:
    """Return a pattern for a text that neither begins nor ends in the middle of a word."""
    before, after = (r"\b" if re.match(r"\w", end) else "" for end in (text[0], text[-1]))
    return f"{before}{re.escape(text)}{after}"


def unsaid(quote: str, words: list[str]) -> list[str]:
    """Return the plain words of a quoted message that none of the doctor's fixed words has.

    What is not plain, such as a name with an underscore, a path or a number, differs from case to case.
    """
    for text in words:
        quote = re.sub(whole(text), " \0 ", quote)
    return re.findall(r"(?<!\S)[A-Za-z][a-z]*[.,:;]?(?!\S)", quote)
