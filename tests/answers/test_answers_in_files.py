"""How an answer is written into a file: as Python, as Markdown, as metadata."""

import ast
import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rules import QUESTIONS, RULES
from shared.rendering import ROOT, TEMPLATE

plain = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1)
plain = plain.map(str.strip).filter(bool)
special = st.text("""'"\\`*_[]<>|&~#+-=.)(!:{}123 ab""", min_size=1, max_size=20)
special = special.map(str.strip).filter(bool)


@given(text=plain | special)
def test_in_python_an_answer_is_the_string_that_was_given(text):
    literal = RULES["python_string"](text)
    assert ast.literal_eval(literal) == text
    # As ruff would have it: double quotes, unless single ones need fewer backslashes.
    double, single = text.count('"'), text.count("'")
    assert literal[0] == literal[-1] == ("'" if double > single else '"')


shown_by = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(text=plain | special)
def test_in_markdown_an_answer_shows_as_it_was_given(text):
    paragraph = RULES["markdown"](text)
    shown = shown_by.render(paragraph + "\n")
    assert shown.startswith("<p>"), shown
    assert shown.endswith("</p>\n"), shown
    assert "<" not in shown[3:-5], shown
    folded = [" ".join(x.split()) for x in (html.unescape(shown[3:-5]), text)]
    assert folded[0] == folded[1]


MARKDOWN = [
    *((mark, f"\\{mark}") for mark in "\\`*_[]<>|&~"),
    ("a & b", "a \\& b"),
    ("&amp;", "\\&amp;"),
    ("AT&T <b>", "AT\\&T \\<b\\>"),
    ("# a", "\\# a"),
    ("+ a", "\\+ a"),
    ("- a", "\\- a"),
    ("= a", "\\= a"),
    ("1. a", "1\\. a"),
    ("12) a", "12\\) a"),
    ("7B a - b # c", "7B a - b # c"),
]


@pytest.mark.parametrize(("text", "paragraph"), MARKDOWN)
def test_in_markdown_this_is_escaped_and_nothing_else(text, paragraph):
    assert RULES["markdown"](text) == paragraph


def test_every_license_has_its_expression_and_its_classifier():
    public = ["Programming Language :: Python :: 3"]
    for name in QUESTIONS["license"]:
        private = name == "Proprietary"
        assert RULES["spdx"](name) == ("LicenseRef-Proprietary" if private else name)
        classifiers = ast.literal_eval(RULES["classifiers"](name))
        assert classifiers == (["Private :: Do Not Upload"] if private else public)


def test_every_filter_of_the_template_is_one_of_these():
    used = {name for code in template_code() for name in re.findall(r"\| (\w+)", code)}
    jinjas = {"groupby", "join", "last", "list", "map", "replace", "sort", "upper"}
    # It comes from the extension itself.
    assert used - jinjas - {"check"} == set(RULES["FILTERS"])


def test_every_function_that_the_template_calls_is_one_of_these():
    called = {name for code in template_code() for name in re.findall(r"\b(\w+)\(", code)}
    assert set(RULES["GLOBALS"]) <= called


def template_code() -> list[str]:
    """Return what stands between braces, in all files of the template and their names."""
    folders = [*TEMPLATE.rglob("*"), *(ROOT / "templates").rglob("*"), *ROOT.glob("hooks/*")]
    paths = [path for path in [*folders, ROOT / "cookiecutter.json"] if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in paths if ".github" not in path.parts]
    names = [path.name for path in paths]
    return [code for text in texts + names for code in re.findall(r"{[{%](.+?)[}%]}", text)]
