"""Each kind of parser in a real server, whole and streamed."""

import pytest
from lane import SCRIPTS
from shared.rendering import TEMPLATES

pytestmark = pytest.mark.real

# By kind: what its serve.py answers. Four texts; and eight, with two forms of the markers; each
# whole and streamed.
ANSWERS = {"tool_parser": 4 * 2, "reasoning_parser": 8 * 2 * 2}


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
