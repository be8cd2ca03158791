"""The tool parser gives vLLM's server what the grammar finds, whole and streamed."""

import json
from types import SimpleNamespace

import pytest
from cuts import pieces_of

{{ import_from(cookiecutter.package_name ~ ".tool_parser", [class_of("tool_parser")]) }}

CALLS = (
    '<call>{"name": "add", "arguments": {"a": 1}}</call>'
    '<call>{"name": "now", "arguments": {}}</call>'
)
NAMES_AND_ARGUMENTS = [("add", '{"a": 1}'), ("now", "{}")]
END_OF_TEXT = 7


def make_parser() -> {{ class_of("tool_parser") }}:
    tokenizer = SimpleNamespace(eos_token_id=END_OF_TEXT)
    return {{ class_of("tool_parser") }}(tokenizer, [])


def stream(parser, pieces: list[str], last_token: int = END_OF_TEXT) -> list:
    """Feed pieces as the server does; return the deltas that it would send."""
    deltas, text = [], ""
    # The server reports the end-of-text token with an empty text.
    for piece in [*pieces, ""]:
        tokens = [1] if piece else [last_token]
        before, text = text, text + piece
        deltas.append(
            parser.extract_tool_calls_streaming(before, text, piece, [], tokens, tokens, None)
        )
    return [delta for delta in deltas if delta is not None]


def test_a_whole_answer_gives_calls_and_text():
    found = make_parser().extract_tool_calls(f"Wait. {CALLS}", None)
    assert found.tools_called
    assert found.content == "Wait. "
    calls = [(call.function.name, call.function.arguments) for call in found.tool_calls]
    assert calls == NAMES_AND_ARGUMENTS
    assert len({call.id for call in found.tool_calls}) == 2


def test_an_answer_of_calls_alone_has_no_content():
    assert make_parser().extract_tool_calls(CALLS.replace("><", ">\n<"), None).content is None


@pytest.mark.parametrize("text", ["It is sunny.", "", '<call>{"name": "f", "argu'])
def test_an_answer_without_calls_stays_as_it_is(text):
    found = make_parser().extract_tool_calls(text, None)
    assert (found.tools_called, found.tool_calls, found.content) == (False, [], text)
    contents = [delta.content for delta in stream(make_parser(), list(text))]
    assert "".join(contents) == text


@pytest.mark.parametrize("length", [1, 2, 3, 7, 50, 1000])
def test_a_streamed_answer_gives_the_same_calls_and_text(length):
    text = f"Wait. {CALLS} Done <"
    pieces = pieces_of(text, length)
    parser = make_parser()
    deltas = stream(parser, pieces)
    assert "".join(delta.content or "" for delta in deltas) == "Wait.  Done <"
    calls = [call for delta in deltas for call in delta.tool_calls]
    sent = [(call.function.name, call.function.arguments) for call in calls]
    assert sent == NAMES_AND_ARGUMENTS
    assert [call.index for call in calls] == [0, 1]
    assert [call.type for call in calls] == ["function", "function"]
    assert len({call.id for call in calls}) == 2 and all(call.id for call in calls)
    # From these the server sees that no arguments are left to send.
    assert parser.streamed_args_for_tool == ['{"a": 1}', "{}"]
    assert [call["name"] for call in parser.prev_tool_call_arr] == ["add", "now"]


def test_markers_that_are_special_tokens_are_not_dropped():
    request = SimpleNamespace(tools=["a tool"], tool_choice="auto", skip_special_tokens=True)
    request.structured_outputs = SimpleNamespace(structural_tag="a tag")
    assert make_parser().adjust_request(request).skip_special_tokens is False


@pytest.mark.parametrize(("tools", "choice"), [([], "auto"), (["a tool"], "none")])
def test_a_request_without_tools_is_not_changed(tools, choice):
    request = SimpleNamespace(tools=tools, tool_choice=choice, skip_special_tokens=True)
    request.structured_outputs = SimpleNamespace(structural_tag="a tag")
    assert make_parser().adjust_request(request).skip_special_tokens is True


def server_and_request():
    """Return what vLLM's server makes of this parser, and a request with a tool."""
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
    from vllm.parser.abstract_parser import DelegatingParser

    class Server(DelegatingParser):
        tool_parser_cls = {{ class_of("tool_parser") }}

    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    messages = [{"role": "user", "content": "Add."}]
    request = ChatCompletionRequest(messages=messages, tools=[tool], tool_choice="auto")
    return Server(SimpleNamespace(eos_token_id=END_OF_TEXT), request.tools), request


@pytest.mark.real_vllm
def test_vllms_server_sends_a_whole_answer():
    server, request = server_and_request()
    reasoning, content, calls = server.parse(f"Wait. {CALLS}", request, enable_auto_tools=True)
    assert (reasoning, content) == (None, "Wait. ")
    assert [(call.name, call.arguments) for call in calls] == NAMES_AND_ARGUMENTS


@pytest.mark.real_vllm
@pytest.mark.parametrize("length", [1, 5, 1000])
def test_vllms_server_streams_an_answer(length):
    server, request = server_and_request()
    text = f"Wait. {CALLS}"
    pieces = pieces_of(text, length)
    deltas = [
        server.parse_delta(piece, [1], request, [1], finished=number == len(pieces))
        for number, piece in enumerate(pieces, 1)
    ]
    deltas = [delta for delta in deltas if delta]
    assert "".join(delta.content or "" for delta in deltas) == "Wait. "
    calls = [call.function for delta in deltas for call in delta.tool_calls]
    assert [(call.name, call.arguments) for call in calls] == NAMES_AND_ARGUMENTS
    assert all(isinstance(json.loads(call.arguments), dict) for call in calls)
