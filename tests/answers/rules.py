"""The rules for answers, asked directly, and a set of answers that they accept."""

import json
import re
from runpy import run_path

import pytest
from shared.rendering import ROOT

RULES = run_path(str(ROOT / "answer_rules.py"))
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
GOOD = {
    "also": "-",
    "package_name": "vllm_parrot",
    "plugin_name": "parrot",
    "kind": "decoder",
    "class_name": "ParrotForCausalLM",
    "registered_name": "parrot",
    "description": "Adds a parrot.",
    "author_name": "Ann",
    "author_email": "ann@example.com",
    "license": "MIT",
    "repository_url": "https://example.com/parrot",
}
ACCEPTED = {
    "package_name": ["a", "a1", "a_b", "vllm_2_parrot", "a" * 64],
    "plugin_name": ["a", "A", "7", "a-b", "a.b", "a_b", "Parrot-7.b_c", "All", "a" * 64],
    "class_name": ["P", "p", "Parrot_2", "P" * 64, "print", "match"],
    "registered_name": ["a", "7b", "a-b", "a.b", "a_b", "a" * 64],
    "description": ["a", "x" * 300, "Ünï 🦜", "a  b", "{ % }", "don't", "a\\b"],
    "author_name": ["a", "x" * 300, "O'Neil"],
    "author_email": ["a@b", "o'neil+a%b@example.com", "ann@sub.example.com"],
    "repository_url": ["http://a", "https://a/b?c=d&e#f", "https://example.com/a'b%20c"],
}

BRACES = ["{" + "{", "{" + "%", "{" + "#"]
FIELDS = list(ACCEPTED)


def problem(field: str, answer: str, **others: str) -> str:
    return RULES["problem_with"](GOOD | others | {field: answer}, field)


def advised(text: str) -> str:
    """Return the answer that a refusal advises, "" if it gives a rule only."""
    advice = re.fullmatch(r".*: use (\S+)", text, re.DOTALL)
    return advice[1] if advice else ""


def each(answers: dict[str, list[str]]) -> list:
    return [pytest.param(f, a, id=f"{f}-{a[:20]!a}") for f, many in answers.items() for a in many]
