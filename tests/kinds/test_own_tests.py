"""The own tests of a package pass on the fixture engine: of each kind alone, and of all in one.

Those of the first kind are run by tests/package/test_package.py.
"""

import os
import re

import pytest
from installed_package import install_alone
from shared.rendering import (
    FIXTURE_ENGINE,
    KINDS,
    MODELS,
    PARTS,
    RULES,
    SAME_IN_EACH_PACKAGE,
    read_about,
    run,
    run_own_tests,
    settings_of,
)

NEEDS_MORE = re.compile(r"^pytestmark = pytest\.mark\.real_vllm$|importorskip", re.MULTILINE)
# In both ways beside a model.
TOGETHER = [[MODELS[0], *PARTS], [PARTS[0], MODELS[0], *PARTS[1:]]]


def assert_each_part_is_tested(project, kinds: list[str], outcomes: dict[str, str]) -> None:
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    about = read_about(project)
    for table, of in RULES["tables_of"](kinds).items():
        [name] = about[table]
        assert any(f"of_this_package[{of['what']} {name}]" in test for test in passed), table
    for path in project.glob("tests/test_*.py"):
        # Some need vLLM, or torch, for all that they test.
        if not NEEDS_MORE.search(path.read_text(encoding="utf-8")):
            assert any(f"{path.stem}::" in name for name in passed), path.name


@pytest.mark.parametrize("kind", KINDS[1:])
def test_of_a_kind_alone(render, tmp_path, kind):
    bin_folder, project = install_alone(render(kind=kind), tmp_path)
    outcomes = run_own_tests(bin_folder, project, *SAME_IN_EACH_PACKAGE)
    assert_each_part_is_tested(project, [kind], outcomes)


@pytest.mark.parametrize("kinds", TOGETHER, ids=["a model first", "a part first"])
def test_of_a_model_and_every_part_in_one(render, tmp_path, kinds):
    bin_folder, project = install_alone(render(kind=kinds[0], also=",".join(kinds[1:])), tmp_path)
    outcomes = run_own_tests(bin_folder, project)
    assert_each_part_is_tested(project, kinds, outcomes)
    settings = os.environ | {"PYTHONPATH": str(project / FIXTURE_ENGINE)}
    settings |= settings_of(project, tmp_path)
    said = run(bin_folder / "python", "-m", project.name, cwd=tmp_path, env=settings).stdout
    about = read_about(project)
    for table, of in RULES["tables_of"](kinds).items():
        [name] = about[table]
        assert f"The {of['what']} {name} " in said, said
