"""How the benchmarks measure, and what their tables show."""

import ast
import importlib
import inspect
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from shared.rendering import PARTS, ROOT


@pytest.fixture(scope="module", autouse=True)
def benchmarks_on_the_path():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield


def test_each_is_measured_once_in_every_round():
    side_by_side = importlib.import_module("side_by_side")
    order = []
    what = {name: lambda name=name: order.append(name) for name in ("plugin", "in-tree")}
    samples = side_by_side.in_turns(what, 3)
    assert order == ["plugin", "in-tree", "in-tree", "plugin", "plugin", "in-tree"]
    assert list(samples) == ["plugin", "in-tree"]
    # Seconds: nothing takes none, and this no whole one.
    assert all(0 < second < 1 for seconds in samples.values() for second in seconds)
    assert side_by_side.in_turns({"itself": lambda: 7.0}, 2) == {"itself": [7.0, 7.0]}


def test_a_ratio_is_the_median_of_the_rounds_and_its_spread_their_middle_half():
    side_by_side = importlib.import_module("side_by_side")
    samples = {"plugin": [1, 4, 9, 4, 70], "in-tree": [1, 2, 3, 1, 10], "other": [1, 1, 1, 1, 1]}
    line = side_by_side.row("time", samples, "ms", 1000, "< 1", "eager")
    assert line["ratios"]["in-tree"] == {"median": 3, "low": 1.5, "high": 5.5}
    assert line["ratios"]["other"]["median"] == 4
    assert line["medians"] == {"plugin": 4000, "in-tree": 2000, "other": 1000}
    named = {key: line[key] for key in ("name", "case", "unit", "goal", "rounds")}
    assert named == {"name": "time", "case": "eager", "unit": "ms", "goal": "< 1", "rounds": 5}


def test_a_ratio_that_is_nearly_nothing_is_not_shown_as_nothing():
    report = importlib.import_module("report")
    assert [report.as_ratio(value) for value in (1, 0.0414, 0.0000041)] == [
        "1.000",
        "0.041",
        "4.1e-06",
    ]


def test_the_figures_of_a_part_are_of_the_script_that_measured_them(monkeypatch):
    report = importlib.import_module("report")
    monkeypatch.setattr(report, "digest", lambda *files: files)
    assert "benchmarks/parts_in_vllm.py" in report.digest_of("parts")
    assert "benchmarks/parts_in_vllm.py" not in report.digest_of("throughput")
    assert {"benchmarks/side_by_side.py", "benchmarks/measures.py"} <= set(
        report.digest_of("green")
    )


def test_rounds_that_are_no_pairs_are_no_ratio():
    side_by_side = importlib.import_module("side_by_side")
    with pytest.raises(ValueError, match="shorter|longer"):
        side_by_side.row("time", {"one": [1.0, 2.0], "other": [1.0, 2.0, 3.0]}, "s")


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


BOTH = {name: {"rate": [1.0, 1.0], "first": [1.0, 1.0]} for name in ("plugin", "in-tree")}
MEASURED_BY_ROWS = ("logits_processor", "layer_swap", "tool_parser", "stat_logger", "kv_connector")
SAME = {
    **{"name": "time per step", "case": "", "unit": "ms", "goal": "–", "rounds": 2},
    **{
        "medians": {"plugin": 1, "other": 1},
        "ratios": {"other": dict.fromkeys(("median", "low", "high"), 1)},
    },
}
LOADED = {"discovery": 1, "import": 1, "register": 1, "bytes": 1024, "imported by the package": []}
# What the commands that run in vLLM print, where the plugin costs what the other does.
PRINTED: dict[str, dict] = {
    "throughput": {
        "samples": BOTH,
        "tokens": {"plugin": [[7]], "in-tree": [[7]]},
        "peak memory": 2**20,
        "compiled files": ["a.cpp"],
    },
    "serving": {"samples": BOTH},
    "startup": {"import vLLM": 1.0, "together": 2.0},
    "processes": {
        "samples": {
            way: {"plugin": [LOADED, LOADED], "shape": [LOADED, LOADED]}
            for way in ("forked", "spawned", "traced")
        }
    },
    **{kind: {"rows": [SAME]} for kind in MEASURED_BY_ROWS},
    "quantization": {
        "samples": {"int8": [1.0, 1.0], "float": [1.0, 1.0]},
        "weights": {"int8": 2**20, "float": 2**20},
        "peak memory": 2**20,
    },
}


def test_each_part_gives_the_commands_that_run_in_vllm_the_arguments_that_they_take(
    monkeypatch, tmp_path
):
    run, report = map(importlib.import_module, ("run", "report"))
    commands = {
        name: importlib.import_module(name.removesuffix(".py")).COMMANDS
        for name in ("in_vllm.py", "parts_in_vllm.py")
    }
    asked = set()

    def print_of(
        command: str, plugin: Path, *arguments: str | Path, script="in_vllm.py", **variables: str
    ) -> dict:
        inspect.signature(commands[script][command]).bind(*arguments)
        # As the command line and the environment want them.
        assert {type(value) for value in (*arguments, *variables.values())} <= {str, type(Path())}
        asked.add(command)
        return PRINTED[command]

    monkeypatch.setattr(run, "in_vllm", print_of)
    monkeypatch.setattr(run, "rendered_plugin", lambda *_: nullcontext((tmp_path, tmp_path)))
    for part in report.WITH_VLLM:
        rows = run.PARTS[part]()["rows"]
        ratios = [ratio["median"] for row in rows for ratio in row["ratios"].values()]
        assert ratios == pytest.approx([1] * len(ratios))
        assert ratios
    # A part starts this one itself.
    assert asked == {name for each in commands.values() for name in each} - {"one_process"}


def test_another_shape_of_the_plugin_has_every_module_that_its_model_imports(render, tmp_path):
    in_vllm = importlib.import_module("in_vllm")
    project = render()
    for name, init in in_vllm.SHAPES.items():
        in_vllm.write_shape(tmp_path / name, "shape", init, project / project.name)
        package = tmp_path / name / "shape"
        assert (package / "__init__.py").read_text() == init.format(package="shape")
        tree = ast.parse((package / "model.py").read_text())
        imported = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]
        assert imported
        assert [module for module in imported if not (package / f"{module}.py").exists()] == []


def test_a_plugin_that_fails_in_a_forked_process_is_named(monkeypatch, capfd):
    in_vllm = importlib.import_module("in_vllm")
    monkeypatch.setattr(in_vllm, "load_plugin", lambda place, package: {"bytes": len(package)})
    assert in_vllm.in_forked("place", "parrot") == {"bytes": 6}
    monkeypatch.setattr(in_vllm, "load_plugin", lambda place, package: {}[package])
    with pytest.raises(RuntimeError, match="parrot cannot be loaded in a forked process"):
        in_vllm.in_forked("place", "parrot")
    assert "KeyError: 'parrot'" in capfd.readouterr().err


def test_two_models_that_give_different_tokens_are_not_compared(monkeypatch, tmp_path):
    run = importlib.import_module("run")
    other = {"tokens": {"plugin": [[7]], "in-tree": [[8]]}}
    monkeypatch.setattr(run, "in_vllm", lambda *_, **__: PRINTED["throughput"] | other)
    with pytest.raises(
        RuntimeError, match="eager: the plugin and the in-tree model gave different"
    ):
        run.offline("eager", {}, tmp_path, tmp_path)


def test_what_vllm_could_find_before_is_not_compared_with_an_engine_without_it(
    monkeypatch, tmp_path
):
    parts = importlib.import_module("parts_in_vllm")
    (tmp_path / "installed_once").mkdir()
    (tmp_path / "installed_once" / "about.py").write_text("")
    (tmp_path / "installed_once" / "__init__.py").write_text("def register(): ...")
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert parts.install(str(tmp_path)) == "installed_once"
    with pytest.raises(RuntimeError, match="where installed_once is before it is installed"):
        parts.install(str(tmp_path))


def test_a_part_is_not_compared_if_the_two_sides_did_not_do_the_same_work():
    parts = importlib.import_module("parts_in_vllm")
    parts.agree("layers", (25, 0), (25, 0))
    with pytest.raises(RuntimeError, match=r"layers: \(0, 25\) was found, and \(25, 0\) must be"):
        parts.agree("layers", (0, 25), (25, 0))


class Parser:
    """Finds a call as soon as all of it is there, which is the text after the first piece."""

    def __init__(self, finds: str) -> None:
        self.finds = finds

    def extract_tool_calls_streaming(self, before, text, piece, ids_before, ids, new_ids, request):
        assert (text, len(ids)) == (before + piece, len(ids_before) + len(new_ids))
        if not text.endswith("</call>"):
            return None
        function = SimpleNamespace(name="add", arguments=self.finds)
        return SimpleNamespace(content="", tool_calls=[SimpleNamespace(function=function)])


def test_a_streamed_call_is_what_all_deltas_say_together():
    parts = importlib.import_module("parts_in_vllm")
    pieces = ["<call>", "{}", "</call>"]
    seconds, deltas = parts.stream(Parser('{"a": 1}'), pieces)
    assert seconds > 0
    assert parts.call_in(deltas) == {"name": "add", "arguments": {"a": 1}}
    assert parts.per_delta(lambda: Parser("{}"), pieces) > 0
    beside = SimpleNamespace(content="Wait.", tool_calls=[])
    with pytest.raises(RuntimeError, match="the text beside a call"):
        parts.call_in([beside, *deltas])


def test_lines_that_are_lost_are_no_cheap_lines(monkeypatch, tmp_path):
    parts = importlib.import_module("parts_in_vllm")
    monkeypatch.setattr(parts, "PATIENCE", 0.05)
    (tmp_path / "a.jsonl").write_text("{}\n{}\n")
    parts.wait_for_lines(tmp_path, 2)
    for count in (1, 3):
        with pytest.raises(RuntimeError, match=f"2 was found, and {count} must be there"):
            parts.wait_for_lines(tmp_path, count)


def test_every_kind_whose_cost_is_measured_is_a_kind():
    run = importlib.import_module("run")
    assert set(run.COSTS) <= set(PARTS)
    parts = importlib.import_module("parts_in_vllm")
    assert list(run.COSTS) == list(parts.COMMANDS)


def test_a_part_that_is_not_there_is_named_and_nothing_is_measured(monkeypatch, capsys):
    run = importlib.import_module("run")
    monkeypatch.setattr(run, "PARTS", {"green": lambda: pytest.fail("was measured")})
    assert run.main(["green", "greens"]) == 2
    assert capsys.readouterr().out == "'greens' is not a part. The parts are: green\n"


def test_from_nothing_to_tests_takes_the_commands_that_the_template_prints():
    measures, report = map(importlib.import_module, ("measures", "report"))
    for by in ("uv", "pip"):
        steps = measures.steps(Path("/folder"), by)
        assert list(steps) == list(report.REASONS)
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
    measures = importlib.import_module("measures")
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert measures.read_lane("fast lane", report) == {
        "name": "fast lane",
        "seconds": 12.5,
        "goal": measures.GOALS["fast lane"],
        "in tests": {"test_a": 7, "test_b": 5},
    }
