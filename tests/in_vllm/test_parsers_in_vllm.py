"""Each kind of parser in a real server, whole and streamed; and beside a model in one package."""

import json
import os
from pathlib import Path

import pytest
from lane import SCRIPTS, VERSION, build
from shared import environments
from shared.rendering import LONG_LIMIT, TEMPLATES, render_into, result_of

pytestmark = pytest.mark.real

# By kind: what its serve.py answers. Four texts; and eight, with two forms of the markers; each
# whole and streamed.
ANSWERS = {"tool_parser": 4 * 2, "reasoning_parser": 8 * 2 * 2}


@pytest.fixture
def serve(settings, tmp_path):
    """A function that installs a package and runs a script that serves; returns what it prints."""

    def serve(script: Path, **answers: str):
        bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
        project = render_into(tmp_path, **answers)
        name = project.name
        environments.install(bin_folder, build(project))
        (tmp_path / "checkpoint").mkdir()
        command = [bin_folder / "python", script, tmp_path / "checkpoint", name]
        environment = os.environ | settings | {"PYTHONPATH": str(SCRIPTS)}
        result = result_of(*command, env=environment, limit=LONG_LIMIT)
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout.splitlines()[-1])

    return serve


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_server_answers_with_what_the_parser_finds(serve, kind):
    answers = serve(TEMPLATES / "kinds" / kind / "proof" / "serve.py", kind=kind)
    assert len(answers) == ANSWERS[kind], answers


def test_a_server_with_both_parsers_answers_with_what_both_find(serve):
    script = SCRIPTS / "reason_and_call.py"
    whole, streamed = serve(script, kind="tool_parser", also="reasoning_parser")
    assert whole == streamed
    assert whole == {
        "reasoning": 'I add. <call>{"name": "add", "arguments": {"a": 1}}</call>',
        "content": "Wait. ",
        "name": "add",
        "arguments": '{"a": 1}',
        "end": "tool_calls",
    }
