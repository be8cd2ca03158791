"""Tables and pictures that a script writes show what its report has."""

import importlib
import json
import math
import re
import xml.etree.ElementTree as ElementTree

import check_audit_on_releases
import mutate
import pytest
from documents import BENCHMARKS, BENCHMARKS_README, RESULTS, read


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module("run")


@pytest.fixture(scope="module")
def measured() -> dict:
    return json.loads((RESULTS / "benchmarks.json").read_text(encoding="utf-8"))


def test_what_was_measured_is_in_the_tables_and_nothing_else(benchmark, measured):
    report = benchmark.report
    assert read("results", "benchmarks.md") == report.as_markdown(measured)
    tables = re.findall(r"<!-- by (.+?) -->\n\n(.+?)\n<!-- end -->", BENCHMARKS_README, re.DOTALL)
    assert tables == [
        (f"benchmarks/run.py: {question}", report.summary(measured, question))
        for question in ("server", "start", "memory", "authors")
    ]


def test_everything_with_a_goal_answers_one_question_of_the_readme(benchmark, measured):
    report = benchmark.report
    shown = [line for question in report.QUESTIONS for line in rows_of(report, measured, question)]
    assert sorted(shown) == sorted(f"| {' | '.join(cells)} |" for cells in report.goals(measured))
    assert all(rows_of(report, measured, question) for question in report.QUESTIONS)
    assert report.question_of("peak memory, served") == "memory"
    # What nobody has assigned is shown all the same.
    assert report.question_of("something new") == "authors"


def test_what_a_part_adds_is_no_matter_of_its_author(benchmark, measured):
    """An operator looks for it under the server, the start or the memory."""
    rows = measured["parts"]["rows"]
    assert all(row["goal"] for row in rows), "a row without a goal is not shown"
    found = {row["name"]: benchmark.report.question_of(row["name"]) for row in rows}
    assert set(found.values()) == {"server", "memory"}, found


def rows_of(report, measured: dict, question: str) -> list[str]:
    return report.summary(measured, question).splitlines()[2:]


def test_all_parts_were_measured_and_named(benchmark, measured):
    assert list(measured) == list(benchmark.PARTS)
    [named] = re.findall(r"Parts: ([\w, \n]+)\.", benchmark.__doc__)
    assert re.findall(r"\w+", named) == list(benchmark.PARTS)
    table, *_ = BENCHMARKS_README.partition("| part | what it measures |\n")[2].split("\n\n")
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(benchmark.PARTS)


def test_the_benchmarks_readme_names_each_script_and_each_option(benchmark):
    table = BENCHMARKS_README.partition("| file | what it does |\n")[2]
    named = re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)
    assert sorted(named) == sorted(file.name for file in BENCHMARKS.glob("*.py"))
    source = read("benchmarks", "run.py")
    for word in ("PYTHON_WITH_VLLM", "--tables"):
        assert word in BENCHMARKS_README
        assert f'"{word}"' in source


def test_the_picture_shows_what_was_measured(measured):
    """On logarithmic axes a measured curve is the figures, moved and stretched."""
    space = "{http://www.w3.org/2000/svg}"
    picture = ElementTree.parse(RESULTS / "growth.svg")
    axes = [g for g in picture.iter(f"{space}g") if g.get("id", "").startswith("axes_")]
    series = list(measured["growth"]["series"].values())
    assert len(axes) == len(series)
    for axis, values in zip(axes, series, strict=True):
        curves = [p.attrib["d"] for p in axis.iter(f"{space}path") if p.get("clip-path")]
        curve = next(d for d in curves if d.count("L") == len(values["x"]) - 1)
        points = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", curve)]
        for drawn, figures in zip(zip(*points, strict=True), values.values(), strict=True):
            logs = [math.log(figure) for figure in figures]
            assert shape(drawn) == pytest.approx(shape(logs), abs=1e-4)


def shape(values) -> list[float]:
    """Return numbers, moved and stretched so that the first is 0 and the farthest from it 1."""
    distances = [value - values[0] for value in values]
    return [distance / max(distances, key=abs) for distance in distances]


def test_what_the_mutations_and_the_predictions_showed_is_in_their_tables():
    for name, script in (("mutations", mutate), ("audit", check_audit_on_releases)):
        found = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        assert read("results", f"{name}.md") == script.as_markdown(found)
