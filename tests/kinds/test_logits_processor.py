"""The kind logits_processor: its own tests catch each break, and its doctor names each fault."""

import os
import re
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from installed_package import Installed, install
from shared.rendering import (
    FIXTURE_ENGINE,
    ROOT,
    make_environment,
    read_about,
    render_into,
    run,
    run_own_tests,
)

KIND = "logits_processor"
PACKAGE = "vllm_my_logits_processor"

# Alone, and in both ways beside a model; and beside what is neither.
PACKAGES = [
    {"kind": KIND},
    {"kind": KIND, "also": "decoder"},
    {"kind": "decoder", "also": KIND},
    {"kind": KIND, "also": "tool_parser"},
    {"kind": "decoder", "also": f"tool_parser,{KIND}"},
]
IDS = ["alone", "first", "second", "beside a tool parser", "beside both"]


@pytest.fixture(params=PACKAGES, ids=IDS)
def package(request, render) -> Path:
    return render(**request.param)


def test_about_py_has_a_table_of_it_and_setup_py_an_entry_point_for_each_line(package):
    about = read_about(package)
    assert about["LOGITS_PROCESSORS"] == {package.name: "logits_processor:MyLogitsProcessor"}
    setup = (package / "setup.py").read_text(encoding="utf-8")
    groups = re.findall(r'^        "(vllm\.\w+)": \[', setup, re.MULTILINE)
    assert groups == ["vllm.general_plugins", "vllm.logits_processors"]


@pytest.mark.parametrize("kind", ["decoder", "tool_parser"])
def test_a_package_without_it_has_no_trace_of_it(render, kind):
    project = render(kind=kind)
    mine = [path for path in project.rglob("*.py") if "fixture_engine" not in path.parts]
    for path in mine:
        text = path.read_text(encoding="utf-8")
        assert "vllm.logits_processors" not in text, path
        assert "LOGITS_PROCESSORS" not in text, path


def test_a_second_one_is_a_line_a_module_and_a_reinstall(tmp_path):
    project = render_into(tmp_path, kind=KIND)
    package = project / PACKAGE
    text = (package / "logits_processor.py").read_text(encoding="utf-8")
    (package / "second.py").write_text(text.replace("MyLogitsProcessor", "Second"))
    about = (package / "about.py").read_text(encoding="utf-8")
    line = f'    "{PACKAGE}": "logits_processor:MyLogitsProcessor",\n'
    (package / "about.py").write_text(about.replace(line, f'{line}    "a.b": "second:Second",\n'))
    with (project / "README.md").open("a") as readme:
        readme.write("The second is `a.b`.\n")
    bin_folder = make_environment(tmp_path / "venv", "griffe", "pytest", "--editable", project)
    outcomes = run_own_tests(bin_folder, project)
    for test in ("finds_a_class_by_its_entry_point", "names_a_class_of_this_package"):
        assert (
            outcomes[next(name for name in outcomes if f"{test}[{KIND} a.b]" in name)] == "passed"
        )
    run("uv", "pip", "install", "--python", bin_folder / "python", "--editable", project)
    # What is installed does not know the line: vLLM would not either.
    (package / "about.py").write_text(about.replace(line, f'{line}    "c": "second:Second",\n'))
    engine = os.environ | {"PYTHONPATH": str(project / FIXTURE_ENGINE)}
    command = [bin_folder / "python", "-c", f"from {PACKAGE}._vllm import entries; "]
    command[-1] += "print([entry.owner() for entry in entries()])"
    owners = run(*command, cwd=tmp_path, env=engine).stdout
    assert owners == f"['{PACKAGE}.logits_processor:MyLogitsProcessor', None]\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return install(tmp_path_factory.mktemp(KIND), kind=KIND)


def test_a_side_effect_of_an_import_is_caught(installed, tmp_path):
    change = ("logits_processor.py", "from typing import Any\n", "{}\nfrom typing import Any\n")
    effects = ['import os\nos.environ["A"] = "1"', "import sys\nsys.path.append('a')"]
    for number, effect in enumerate(effects):
        broken = installed.changed(tmp_path / str(number), *change[:2], change[2].format(effect))
        result = broken.run_tests("tests/_template/test_class_entry_points.py")
        assert result.returncode == 1, (effect, result.stdout)


# The doctor


def test_the_doctor_finds_no_fault_where_there_is_none(installed, tmp_path):
    assert [level for level, _, _ in installed.findings("logits_processors")] == ["ok"]
    status, found = installed.doctor(tmp_path)
    assert (status, {level for level, _, _ in found}) == (0, {"ok"}), found


def test_the_doctor_names_a_processor_that_greedy_requests_skip(installed, tmp_path):
    change = ("_logits_base.py", "        return False\n", "        return True\n")
    found = installed.changed(tmp_path, *change).findings("logits_processors")
    [_, (level, text, cure)] = found
    assert (level, "greedy requests never call it" in text) == ("warning", True)
    assert "return False from is_argmax_invariant()" in cure


def add_distribution(site: Path, folder: str, name: str, value: str) -> None:
    """Install the metadata of a distribution with one logits processor."""
    (site / folder).mkdir()
    (site / folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {folder[:5]}\nVersion: 1\n"
    )
    entry = f"[vllm.logits_processors]\n{name} = {value}\n"
    (site / folder / "entry_points.txt").write_text(entry)


def test_the_doctor_names_a_processor_that_runs_twice(installed, tmp_path):
    copy = installed.changed(tmp_path, "about.py", '"""The facts', '"""The facts')
    mine = f"{PACKAGE}.logits_processor:MyLogitsProcessor"
    add_distribution(copy.site, "other-1.dist-info", PACKAGE, mine)
    found = copy.findings("logits_processors")
    assert any(
        level == "problem" and "twice" in text and "dist-info" in text and "delete" in cure
        for level, text, cure in found
    ), found


def test_the_doctor_names_another_processor_of_the_same_name(installed, tmp_path):
    copy = installed.changed(tmp_path, "about.py", '"""The facts', '"""The facts')
    add_distribution(copy.site, "other-1.dist-info", PACKAGE, "json:JSONDecoder")
    found = copy.findings("logits_processors")
    [(text, cure)] = [(text, cure) for level, text, cure in found if level == "warning"]
    assert "other-1.dist-info" in text
    assert "vLLM runs both" in text
    assert "uninstall other" in cure


def test_the_doctor_names_a_line_of_about_py_that_vllm_does_not_find(installed, tmp_path):
    line = f'    "{PACKAGE}": "logits_processor:MyLogitsProcessor",\n'
    second = line.replace(PACKAGE, "second")
    copy = installed.changed(tmp_path, "about.py", line, line + second)
    status, found = copy.doctor(tmp_path)
    assert status == 1
    [(text, cure)] = [(text, cure) for level, text, cure in found if level == "problem"]
    name = "logits_processor second"
    assert text == (
        f"No entry point in vllm.logits_processors names the {name}, which about.py names."
    )
    assert "install" in cure


def test_the_doctor_says_what_vllm_plugins_does_not_keep_out(installed, tmp_path):
    status, found = installed.doctor(tmp_path, VLLM_PLUGINS="another")
    [(text, cure)] = [(text, cure) for level, text, cure in found if level == "warning"]
    assert (status, {level for level, _, _ in found}) == (0, {"ok", "warning"}), found
    assert text.endswith(f" That does not keep out the logits_processor {PACKAGE}.")
    assert "unset it" in cure


def test_beside_a_model_vllm_plugins_is_a_problem_all_the_same(tmp_path):
    both = install(tmp_path, kind="decoder", also=KIND)
    status, found = both.doctor(tmp_path, VLLM_PLUGINS="another")
    [text] = [text for level, text, _ in found if level == "problem"]
    assert status == 1
    assert text.endswith(f" That does not keep out the logits_processor {both.package}.")


# The state, against a plain model of a batch

ROWS = 5
OFF = (0.0,)
row = st.integers(0, ROWS - 1)
numbers = st.one_of(st.none(), st.floats(1, 9).map(lambda number: (number,)))


def test_the_state_follows_any_batch(installed, monkeypatch):
    monkeypatch.syspath_prepend(installed.site)
    asked_for = import_module(f"{PACKAGE}._logits_state").Asked

    class Follows(RuleBasedStateMachine):
        """Rows of a batch, some of which have a request; each step changes it in one way or more."""

        def __init__(self) -> None:
            super().__init__()
            self.asked = asked_for()
            self.rows: list = [None] * ROWS

        @rule(row=row, numbers=numbers)
        def a_request_comes(self, row, numbers):
            self.rows[row] = numbers
            self.asked.update([], [(row, numbers)], [])

        @rule(row=row)
        def a_request_leaves(self, row):
            self.rows[row] = None
            self.asked.update([row], [], [])

        @rule(row=row, numbers=numbers)
        def a_request_takes_the_place_of_one_that_leaves(self, row, numbers):
            self.rows[row] = numbers
            self.asked.update([row], [(row, numbers)], [])

        @precondition(lambda self: any(self.rows))
        @rule(source=row, to=row)
        def a_request_moves(self, source, to):
            moving, self.rows[source] = self.rows[source], None
            self.rows[to] = moving
            self.asked.update([], [], [(source, to, False)])

        @rule(first=row, second=row)
        def two_requests_change_places(self, first, second):
            self.rows[first], self.rows[second] = self.rows[second], self.rows[first]
            self.asked.update([], [], [(first, second, True)])

        @rule(leaves=row, comes=row, numbers=numbers, source=row, to=row, swap=st.booleans())
        def all_at_once(self, leaves, comes, numbers, source, to, swap):
            self.rows[leaves] = None
            self.rows[comes] = numbers
            moving, other = self.rows[source], self.rows[to]
            self.rows[source] = other if swap else None
            self.rows[to] = moving
            self.asked.update([leaves], [(comes, numbers)], [(source, to, swap)])

        @invariant()
        def each_row_has_what_its_request_asked_for(self):
            assert self.asked.table(ROWS, OFF) == [each or OFF for each in self.rows]
            assert bool(self.asked) is any(self.rows)
            assert [row in self.asked for row in range(ROWS)] == list(map(bool, self.rows))

    Follows.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
    outcome = Follows.TestCase("runTest").run()
    assert outcome is not None
    assert outcome.testsRun == 1
    assert outcome.failures + outcome.errors == []


# The name of the argument


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("kv_transfer_params", "is an extra argument that vLLM itself reads: use my_kv_transfer_p"),
        ("session_id", "is an extra argument that vLLM itself reads: use my_session_id"),
        ("a b", "is not a valid name of an argument"),
        ("a=b", "is not a valid name of an argument"),
        ("[a]", "is not a valid name of an argument"),
        ("x" * 65, "has 65 characters, and may have at most 64"),
    ],
)
def test_a_name_that_cannot_be_asked_for_is_refused(tmp_path, name, advice):
    with pytest.raises(SystemExit) as refusal:
        render_into(tmp_path, kind=KIND, registered_name=name)
    assert f"registered_name = {name!r} {advice}" in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_what_vllm_reads_is_recorded_and_nothing_of_its_layers():
    taken = (ROOT / "taken_names" / "extra_arguments.txt").read_text().split()
    assert {"kv_transfer_params", "ec_transfer_params", "session_id"} <= set(taken)
    assert taken == sorted(set(taken))
    assert "max_num_tokens" not in taken


def test_the_answers_are_where_they_belong(render):
    names = {"class_name": "Surprise", "registered_name": "surprise.1", "plugin_name": "other"}
    project = render(kind=KIND, package_name="acme_surprise", **names)
    about = read_about(project)
    assert about["LOGITS_PROCESSORS"] == {"surprise.1": "logits_processor:Surprise"}
    assert about["PLUGIN_NAME"] == "other"
    module = (project / "acme_surprise" / "logits_processor.py").read_text(encoding="utf-8")
    assert "class Surprise(RequestLogitsProcessor):" in module
    assert '"vllm_xargs": {"surprise.1": 0.1}' in (project / "README.md").read_text(
        encoding="utf-8"
    )
    run("ruff", "check", ".", cwd=project)
    run("ruff", "format", "--check", ".", cwd=project)


def test_the_longest_names_are_clean(render):
    names = {"class_name": "A" * 64, "registered_name": "r" * 64, "plugin_name": "n" * 64}
    project = render(kind=KIND, package_name="p" * 64, **names)
    run("ruff", "check", ".", cwd=project)
    run("ruff", "format", "--check", ".", cwd=project)
