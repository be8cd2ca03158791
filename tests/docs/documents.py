"""What the tests of documents share: where these are, and how they are read."""

import json
import re

from shared.rendering import FIXTURE_ENGINE, ROOT, TEMPLATE

RESULTS, BENCHMARKS = ROOT / "results", ROOT / "benchmarks"
ENGINE = TEMPLATE / FIXTURE_ENGINE
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
TEMPLATE_VERSION = QUESTIONS["_template_version"]
NUMBERS = [
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
]


def read(*path: str) -> str:
    """Return the text of a file of this repository."""
    return ROOT.joinpath(*path).read_text(encoding="utf-8")


def words_of(text: str) -> str:
    """Return a text in one line, however its lines are wrapped."""
    return " ".join(text.split())


def by_hand(document: str) -> str:
    """Return a document without the tables that a tool writes into it."""
    return re.sub(r"<!-- by .*?<!-- end -->", "", document, flags=re.DOTALL)


README, CONTRIBUTING = read("README.md"), read("CONTRIBUTING.md")
BENCHMARKS_README = read("benchmarks", "README.md")
PROSE = words_of(README)
