"""The tests of a rendered package: which there are, for how many cases, and that each can fail.

Those that need a real vLLM are skipped in the fast lane. That one is deleted, skipped for good or
made to compare nothing is noticed here all the same.
"""

import ast
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from shared.rendering import FIXTURE_ENGINE, KINDS, MODELS, RULES, TEMPLATES, run

# Each test of the template's own, and for how many cases it runs: a number, or a number for each
# name in about.py, for each that register() makes known, or for each registry that it has. The
# own_tests.json of a room say the same of the tests that the room brings.
EACH_NAME, EACH_REGISTERED, EACH_REGISTRY, EACH_RIVAL, EACH_STEP = (
    "each name",
    "each registered name",
    "each registry",
    "each rival",
    "each step",
)
ALL_PACKAGES: dict[str, dict[str, int | tuple[int, str]]] = {
    "_template/test_audit.py": {
        "test_the_reference_holds_what_this_package_uses": 1,
        "test_nothing_that_this_package_uses_breaks": 1,
    },
    "_template/test_compatibility.py": {
        "test_the_package_requires_nothing": 1,
        "test_the_readme_names_what_about_py_names": 1,
        "test_this_vllm_is_in_the_tested_range": 1,
        "test_vllm_has_what_the_package_imports": 1,
    },
    "_template/test_doctor.py": {
        "test_the_doctor_finds_nothing_wrong": 1,
        "test_the_doctor_names_what_keeps_the_plugin_out": 1,
    },
    "_template/test_registration.py": {
        "test_vllm_discovers_the_plugin_by_its_entry_point": 1,
        "test_vllm_plugins_decides_what_is_loaded": 8,
        "test_about_py_names_a_class_of_this_package": (1, EACH_NAME),
        "test_every_name_in_about_py_has_an_owner": (1, EACH_NAME),
        "test_register_twice_changes_nothing": 1,
        "test_register_from_many_threads_says_nothing": 1,
        "test_a_new_process_registers": 2,
        "test_no_step_lets_a_failure_out": (1, EACH_STEP),
        "test_an_interrupt_is_let_out": (1, EACH_STEP),
        "test_an_untested_vllm_is_warned_of_once": 5,
        "test_a_vllm_without_a_version_is_warned_of": 1,
        "test_a_tested_vllm_is_not_warned_of": 3,
        "test_importing_the_package_imports_no_heavy_module": 1,
        "test_register_leaves_the_classes_to_the_processes_that_use_them": 1,
    },
    "_template/test_safety.py": {
        "test_each_step_that_fails_is_logged_once_under_its_own_name": 1,
        "test_a_step_that_changes_itself_is_logged_once": 1,
        "test_a_step_that_does_nothing_raises_when_told_to": 1,
        "test_two_names_that_are_taken_are_both_warned_of": 1,
        "test_a_forked_process_says_it_again": 1,
        "test_the_path_of_a_class_is_its_module_and_name": 1,
    },
}
# What passes if nothing is raised, and needs no assertion.
RAISES_NOTHING = {"test_a_failing_log_handler_does_not_leave_register"}
# Where the fixture engine lacks what register() uses; and where no config class is registered.
ALLOWED_TO_SKIP = {"test_audit.py": {"skip"}, "test_registration.py": {"skip"}}
# Where torch alone is needed.
ALLOWED_TO_SKIP |= {"test_rms_norm.py": {"importorskip"}}
# The most by which a figure may differ from that of Hugging Face, and the fewest tokens compared.
TOLERANCE, FEWEST_STEPS = 1e-3, 16


@pytest.fixture(params=KINDS)
def project(request, render) -> Path:
    return render(kind=request.param)


@pytest.fixture(params=MODELS)
def model(request, render) -> Path:
    return render(kind=request.param)


@pytest.fixture
def kind(request) -> str:
    return request.node.callspec.params["project"]


def parsed(project: Path) -> Iterator[tuple[str, ast.Module]]:
    """Return each file of tests of a project, and what Python reads there."""
    for path in sorted(project.glob("tests/**/test_*.py")):
        yield path.name, ast.parse(path.read_text(encoding="utf-8"))


def functions_in(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def cases_in(tree: ast.Module) -> list[ast.FunctionDef]:
    return [function for function in functions_in(tree) if function.name.startswith("test_")]


def test_these_tests_are_there_for_so_many_cases(project, kind):
    # The fixture engine brings the marks that a collection needs, and the metadata is not looked at.
    settings = os.environ | {"PYTHONPATH": f"{project}:{project / FIXTURE_ENGINE}"}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    output = run(*command, cwd=project, env=settings).stdout
    names = re.findall(r"^tests/([\w/]*test_\w+\.py)::(\w+)", output, re.MULTILINE)
    found: dict[str, dict[str, int]] = {}
    for (file, name), count in Counter(names).items():
        found.setdefault(file, {})[name] = count
    assert found == expected_tests(RULES["rooms"]({"kind": kind, "also": "-"}))


def expected_tests(rooms: list[dict]) -> dict[str, dict[str, int]]:
    """Return the tests that a package of some rooms has, by file, and for how many cases each."""
    brought = [
        json.loads((TEMPLATES / each["folder"] / "proof" / "own_tests.json").read_text())
        for each in rooms
    ]
    registries = {what: rivals for each in brought for what, rivals in each["rivals"].items()}
    found = [what for each in brought for what in each.get("found", [])]
    times = {
        EACH_NAME: len(registries) + len(found),
        EACH_REGISTERED: len(registries),
        EACH_REGISTRY: len(registries),
        EACH_RIVAL: sum(registries.values()),
        # One that looks at vLLM's version, and one for each registry.
        EACH_STEP: 1 + len(registries),
    }
    expected = ALL_PACKAGES | {
        file: tests for each in brought for file, tests in each["tests"].items()
    }
    return {
        file: {
            name: count if isinstance(count, int) else count[0] * times[count[1]]
            for name, count in tests.items()
        }
        for file, tests in expected.items()
    }


def can_fail(test: ast.expr) -> bool:
    """Tell whether an asserted expression depends on something, and compares no thing with itself."""
    if isinstance(test, ast.BoolOp):
        return all(can_fail(value) for value in test.values)
    if isinstance(test, ast.Compare):
        sides = [ast.unparse(side) for side in (test.left, *test.comparators)]
        return len(set(sides)) == len(sides)
    return not isinstance(test, ast.Constant | ast.Tuple | ast.List | ast.Dict)


def is_check(node: ast.AST) -> bool:
    """Tell whether a statement fails a test if something is not so."""
    if isinstance(node, ast.With):
        return any(ast.unparse(item).startswith("pytest.raises(") for item in node.items)
    return isinstance(node, ast.Assert)


def test_every_test_can_fail(project):
    for file, tree in parsed(project):
        for test in cases_in(tree):
            place = f"{file}: {test.name}"
            nodes = list(ast.walk(test))
            asserted = [node.test for node in nodes if isinstance(node, ast.Assert)]
            assert all(map(can_fail, asserted)), place
            assert any(map(is_check, nodes)) is (test.name not in RAISES_NOTHING), place
            # It runs to its end.
            assert not any(isinstance(node, ast.Return | ast.Yield) for node in nodes), place


def test_no_test_is_skipped_or_expected_to_fail(project):
    """conftest.py and fixture_skips.py skip what needs a real vLLM, and little else does."""
    for file, tree in parsed(project):
        words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        skips = words & {"skip", "skipif", "xfail", "importorskip", "exit"}
        assert skips <= ALLOWED_TO_SKIP.get(file, set()), file
        marks = re.findall(r"pytest\.mark\.(\w+)", ast.unparse(tree))
        assert set(marks) <= {"parametrize", "real_vllm", *ALLOWED_TO_SKIP.get(file, set())}, file


def test_what_is_compared_comes_from_two_sides(project):
    """Of what a fixture returns, no part is there twice, and a test uses all that it takes."""
    for file, tree in parsed(project):
        for function in functions_in(tree):
            returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)]
            for value in returned:
                if isinstance(value, ast.Tuple):
                    parts = [ast.unparse(part) for part in value.elts]
                    assert len(set(parts)) == len(parts), f"{file}: {function.name}"
        for test in cases_in(tree):
            parts = [part for n in ast.walk(test) if isinstance(n, ast.Tuple) for part in n.elts]
            names = [n for n in ast.walk(test) if isinstance(n, ast.Name)]
            taken = {n.id for n in names if n in parts and isinstance(n.ctx, ast.Store)} - {"_"}
            used = {n.id for n in names if isinstance(n.ctx, ast.Load)}
            assert taken <= used, f"{file}: {test.name}"


def asked_of_the_model(project: Path) -> ast.Module:
    [tree] = [tree for file, tree in parsed(project) if file == "test_model.py"]
    return tree


def test_what_is_and_what_should_be_are_equal_and_not_different(model):
    compared = 0
    for test in cases_in(asked_of_the_model(model)):
        for node in ast.walk(test):
            assert not isinstance(node, ast.Raise), test.name
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) != "pytest.fail", test.name
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
                # That vLLM sees what the model can do is never denied.
                assert not isinstance(node.operand, ast.Call), test.name
            if isinstance(node, ast.Compare):
                names = {n.id.partition("_")[0] for n in ast.walk(node) if isinstance(n, ast.Name)}
                if {"actual", "expected"} <= names:
                    assert [type(op) for op in node.ops] == [ast.Eq], test.name
                    compared += 1
    assert compared


def test_the_figures_of_a_comparison_are_strict(model):
    tree = asked_of_the_model(model)
    keywords = [
        keyword
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.approx"
        for keyword in node.keywords
    ]
    assert all(k.arg == "abs" for k in keywords)
    assert all(ast.literal_eval(k.value) <= TOLERANCE for k in keywords)
    steps = re.findall(r"^STEPS = (\d+)$", ast.unparse(tree), re.MULTILINE)
    assert all(int(number) >= FEWEST_STEPS for number in steps)
    assert keywords or steps


SETTINGS = """
import json, os, sys
sys.path.insert(0, "tests")
from _template import engine
assert os.path.exists(os.environ["VLLM_CACHE_ROOT"])
# Before Python ends, and not by chance.
engine.pytest_unconfigure()
assert not os.path.exists(os.environ["VLLM_CACHE_ROOT"])
print(json.dumps(dict(os.environ)))
"""


def settings_after_conftest(project: Path, **given: str) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "TMPDIR": os.environ["TMPDIR"]}
    return json.loads(run(sys.executable, "-c", SETTINGS, cwd=project, env=kept | given).stdout)


def test_the_tests_run_vllm_small_offline_and_leave_nothing_behind(render):
    project = render()
    found = settings_after_conftest(project, VLLM_PLUGINS="another", PYTHONPATH="first")
    assert found["VLLM_CPU_KVCACHE_SPACE"] == "1"
    assert found["VLLM_NO_USAGE_STATS"] == "1"
    assert found["HF_HUB_OFFLINE"] == "1"
    assert "VLLM_PLUGINS" not in found
    # The processes that vLLM starts find the fixture engine too, after all else.
    assert found["PYTHONPATH"] == os.pathsep.join(["first", str(project / FIXTURE_ENGINE)])


def test_what_vllm_is_told_by_hand_holds_in_the_tests(render):
    given = {"VLLM_CPU_KVCACHE_SPACE": "8", "VLLM_NO_USAGE_STATS": "0", "HF_HUB_OFFLINE": "0"}
    found = settings_after_conftest(render(), **given, VLLM_CACHE_ROOT="/nowhere")
    assert {name: found[name] for name in given} == given
    # But a cache of other runs must not decide one.
    assert found["VLLM_CACHE_ROOT"] != "/nowhere"


def test_a_mere_folder_called_vllm_is_not_taken_for_one(render, tmp_path):
    project = render()
    (tmp_path / "vllm").mkdir()
    found = settings_after_conftest(project, PYTHONPATH=str(tmp_path))
    assert found["PYTHONPATH"].split(os.pathsep)[-1] == str(project / FIXTURE_ENGINE)


def test_a_vllm_that_is_there_is_taken(render, tmp_path):
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").write_text("__version__ = 'real'")
    found = settings_after_conftest(render(), PYTHONPATH=str(tmp_path))
    assert found["PYTHONPATH"] == str(tmp_path)
