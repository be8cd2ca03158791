"""How the benchmarks reckon: what a table calls a ratio, a spread or a median is one."""

import importlib
import sys
from pathlib import Path

import pytest
from shared.rendering import ROOT


@pytest.fixture(scope="module", autouse=True)
def benchmarks_on_the_path():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield


def test_each_is_measured_once_in_every_round():
    measure = importlib.import_module("measure")
    order = []
    what = {name: lambda name=name: order.append(name) for name in ("plugin", "in-tree")}
    samples = measure.in_turns(what, 3)
    assert order == ["plugin", "in-tree"] * 3
    assert list(samples) == ["plugin", "in-tree"]
    # Seconds: nothing takes none, and this no whole one.
    assert all(0 < second < 1 for seconds in samples.values() for second in seconds)
    assert measure.in_turns({"itself": lambda: 7.0}, 2) == {"itself": [7.0, 7.0]}


def test_a_ratio_is_the_median_of_the_rounds_and_its_spread_their_middle_half():
    measure = importlib.import_module("measure")
    samples = {"plugin": [1, 4, 9, 4, 70], "in-tree": [1, 2, 3, 1, 10], "other": [1, 1, 1, 1, 1]}
    line = measure.row("time", samples, "ms", 1000, "< 1", "eager")
    assert line["ratios"]["in-tree"] == {"median": 3, "low": 1.5, "high": 5.5}
    assert line["ratios"]["other"]["median"] == 4
    assert line["medians"] == {"plugin": 4000, "in-tree": 2000, "other": 1000}
    named = {key: line[key] for key in ("name", "case", "unit", "goal", "rounds")}
    assert named == {"name": "time", "case": "eager", "unit": "ms", "goal": "< 1", "rounds": 5}


def test_rounds_that_are_no_pairs_are_no_ratio():
    measure = importlib.import_module("measure")
    with pytest.raises(ValueError, match="shorter|longer"):
        measure.row("time", {"one": [1.0, 2.0], "other": [1.0, 2.0, 3.0]}, "s")


def test_what_is_faster_has_the_better_figure():
    """More tokens in a second are better, and less time to the first: the goals say which way."""
    run = importlib.import_module("run")
    samples = {
        "plugin": {"rate": [20.0, 20.0], "first": [0.5, 0.5]},
        "in-tree": {"rate": [10.0, 10.0], "first": [1.0, 1.0]},
    }
    rate, first = run.rows_of("offline", "eager", samples)
    assert (rate["ratios"]["in-tree"]["median"], rate["goal"]) == (2, "> 0.99")
    assert (first["ratios"]["in-tree"]["median"], first["goal"]) == (0.5, "< 1.01")
    assert first["medians"] == {"plugin": 500, "in-tree": 1000}
    assert rate["name"] == "tokens per second, offline"


def test_two_compilations_are_the_same_only_if_every_file_is():
    run = importlib.import_module("run")
    assert "2 files, is the same for both" in run.compare_code(["a", "b"], ["a", "b"])
    assert "not the same for both" in run.compare_code(["a", "b"], ["a", "c"])
    assert "not the same for both" in run.compare_code(["a"], ["a", "b"])


def test_from_nothing_to_tests_takes_the_commands_that_the_template_prints():
    green = importlib.import_module("green")
    for by in ("uv", "pip"):
        steps = green.steps(Path("/folder"), by)
        assert [*steps, "together"] == [*green.REASONS, "together"]
        words = {step: list(map(str, command)) for step, command in steps.items()}
        assert words["render"][-1] == str(ROOT)
        assert words["install"][-2:] == ["-e", "/folder/vllm_my_model[test]"]
        assert words["make an environment"][-1] == "/folder/vllm_my_model/.venv"
        assert ("uv" in words["install"]) is (by == "uv")
        assert (sys.executable in words["make an environment"]) is True


REPORT = """\
<testsuites><testsuite time="12.5">
<testcase classname="tests.test_a" name="x" time="3"/>
<testcase classname="tests.test_b" name="y" time="5"/>
<testcase classname="tests.test_a" name="z" time="4"/>
</testsuite></testsuites>
"""


def test_how_long_a_lane_takes_is_what_pytest_reports(tmp_path):
    suite = importlib.import_module("suite")
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert suite.read("fast lane", report) == {
        "name": "fast lane",
        "seconds": 12.5,
        "goal": suite.GOALS["fast lane"],
        "in tests": {"test_a": 7, "test_b": 5},
    }
