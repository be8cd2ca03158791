"""Breaks of arithmetic that needs torch, and no vLLM: the package's own tests catch each of them."""

import os
import runpy

import pytest
from lane import VERSION
from shared import environments
from shared.edits import Edit, apply
from shared.rendering import TEMPLATES, render_into, result_of

pytestmark = pytest.mark.breaks

STATED = {
    path.parents[1].name: stated
    for path in sorted(TEMPLATES.glob("kinds/*/proof/mutations.py"))
    if "MUTATIONS_IN_TORCH" in (stated := runpy.run_path(str(path)))
}
# Each kind without a break too.
CASES = [(kind, name) for kind in STATED for name in ["", *STATED[kind]["MUTATIONS_IN_TORCH"]]]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_the_packages_tests_catch_a_break_of_the_arithmetic(tmp_path, kind, name):
    project = render_into(tmp_path, kind=kind)
    if name:
        apply([Edit(*STATED[kind]["MUTATIONS_IN_TORCH"][name])], project)
    command = [environments.environment(VERSION) / "python", "-m", "pytest", "-q", "-x"]
    # Without conftest.py, which chooses an engine.
    command += ["-p", "no:cacheprovider", "--noconftest", "-W", "ignore"]
    command += [f"tests/{STATED[kind]['TEST_IN_TORCH']}"]
    result = result_of(*command, cwd=project, env=os.environ | {"PYTHONPATH": str(project)})
    assert result.returncode == bool(name), result.stdout
    assert "skipped" not in result.stdout
