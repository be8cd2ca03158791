"""The tool parser in a real server, whole and streamed; and beside a model in one package."""

import json
import os

import pytest
from lane import SCRIPTS, VERSION, build
from shared import environments
from shared.rendering import LONG_LIMIT, TEMPLATES, render_into, result_of, run_own_tests

pytestmark = pytest.mark.real

SERVE = TEMPLATES / "kinds" / "tool_parser" / "proof" / "serve.py"


def test_a_server_answers_with_the_calls_that_the_model_writes(settings, tmp_path):
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    project = render_into(tmp_path, kind="tool_parser")
    name = project.name
    environments.install(bin_folder, build(project))
    (tmp_path / "checkpoint").mkdir()
    command = [bin_folder / "python", SERVE, tmp_path / "checkpoint", name]
    environment = os.environ | settings | {"PYTHONPATH": str(SCRIPTS)}
    result = result_of(*command, env=environment, limit=LONG_LIMIT)
    assert result.returncode == 0, result.stdout + result.stderr
    answers = json.loads(result.stdout.splitlines()[-1])
    # Four texts, whole and streamed.
    assert len(answers) == 8, answers


@pytest.mark.parametrize(("kind", "also"), [("decoder", "tool_parser"), ("tool_parser", "decoder")])
def test_beside_a_model_its_own_tests_pass(tmp_path, kind, also):
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    project = render_into(tmp_path, kind=kind, also=also)
    environments.install(bin_folder, build(project))
    # The model is the one that test_models.py compares with Hugging Face's.
    options = ["--deselect", "tests/test_model.py"]
    outcomes = run_own_tests(bin_folder, project, *options, limit=LONG_LIMIT)
    assert set(outcomes.values()) == {"passed"}, outcomes
    for part in ("architecture", "model_type", "tool_parser"):
        assert any(f"about_py_names[{part} " in name for name in outcomes), outcomes
