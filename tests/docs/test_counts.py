"""What README and CONTRIBUTING count is what there is: no figure is kept by hand."""

import re

import pytest
from documents import BENCHMARKS_README, CONTRIBUTING, NUMBERS, PROSE, README, by_hand, read
from shared.cases import case_names
from shared.environments import is_source_only, refusal_of, supported_by
from shared.rendering import KINDS, SUPPORTED_PYTHONS, SUPPORTED_VLLM, TEMPLATE, render_into


@pytest.mark.parametrize(("cases", "what"), [("conformance", "behaviours"), ("faults", "faults")])
def test_readme_counts_the_cases_that_run_in_both_engines(cases, what):
    assert re.findall(rf"(\d+) {what}\b", PROSE) == [str(len(case_names(cases)))]


def test_readme_counts_the_random_answers():
    text = read("tests", "answers", "test_any_answer.py")
    examples = int(re.findall(r"^EXAMPLES = (\d+)$", read("tests", "conftest.py"), re.M)[0])
    sets = examples * len(re.findall(r"^@given\(", text, re.MULTILINE))
    assert f"tries {sets:,} sets of answers, `--hypothesis-profile=thorough` 25 times" in text
    assert re.findall(r"\| ([\d,]+) sets \|", CONTRIBUTING) == [f"{25 * sets:,}"]


def test_readme_names_the_pythons_and_the_vllms():
    oldest, newest = SUPPORTED_PYTHONS[0], SUPPORTED_PYTHONS[-1]
    assert f"Python {oldest} or newer" in PROSE
    assert f"support Python {oldest} to {newest}." in PROSE
    assert f'python_requires=">={oldest}"' in (TEMPLATE / "setup.py").read_text()
    starts = dict(re.findall(r"`(\w+)` starts at ([\d.]+):", PROSE))
    assert starts == {
        kind: supported_by(kind)[0] for kind in KINDS if supported_by(kind) != SUPPORTED_VLLM
    }
    another, source_only = re.findall(r"REAL_VLLM=(\S+)", CONTRIBUTING)
    assert another in SUPPORTED_VLLM[:-1]
    assert is_source_only(source_only)
    assert refusal_of(source_only) == ""


def test_readme_gives_no_time_and_no_size_but_in_what_was_measured():
    """A figure that no run has written grows old, and nobody sees it."""
    text = by_hand(README + CONTRIBUTING + BENCHMARKS_README)
    units = r"(seconds?|minutes?|hours?|s|ms|GB|MB|GiB|MiB)"
    assert re.findall(rf"\b\d[\d.,]*\s+{units}\b", text) == []
    numbers = "|".join([*NUMBERS, "half an"])
    assert re.findall(rf"\b({numbers})\s+{units}\b", text) == []


def test_the_hook_counts_the_commands_that_follow(tmp_path, capfd):
    render_into(tmp_path)
    _, start, commands = capfd.readouterr().out.partition("The plugin is ready. The next ")
    number, _, rest = commands.partition(" commands install and test it:\n")
    assert start
    lines = rest.splitlines()
    assert number == NUMBERS[len(lines)]
    # To be copied as they stand.
    assert all(line.startswith("    ") and line.strip() for line in lines)
