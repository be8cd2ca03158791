"""The reasoning parser gives vLLM what the grammar finds: the server text, the engine tokens."""

from types import SimpleNamespace

import pytest
from cuts import pieces_of

{{ import_from(cookiecutter.package_name ~ ".reasoning_parser", [class_of("reasoning_parser")]) }}

END_OF_TEXT = 0
# The text of each token. Markers may be tokens of their own, or in pieces of others.
TOKENS = ["", "<think>", "</think>", "Hm", ".", "</", "think", ">", ">Yes", "Yes", "!", " </think"]
TEXT = "<think>Hm.</think>Yes!"


def make_parser(**kwargs) -> {{ class_of("reasoning_parser") }}:
    def decode(ids, skip_special_tokens):
        assert isinstance(ids, list) and not skip_special_tokens
        return "".join(TOKENS[token] for token in ids)

    kwargs["tokenizer"] = SimpleNamespace(eos_token_id=END_OF_TEXT, decode=decode)
    return {{ class_of("reasoning_parser") }}(**kwargs)


def ids(*tokens: str) -> list[int]:
    return [TOKENS.index(token) for token in tokens]


def stream(parser, pieces: list[str], last_token: int = END_OF_TEXT) -> list:
    """Feed pieces as the server does; return the deltas that it would send."""
    deltas, text = [], ""
    # The server reports the end-of-text token with an empty text.
    for piece in [*pieces, ""]:
        tokens = ids("Hm") if piece else [last_token]
        before, text = text, text + piece
        deltas.append(parser.extract_reasoning_streaming(before, text, piece, [], tokens, tokens))
    return [delta for delta in deltas if delta is not None]


def joined(deltas: list) -> tuple[str, str]:
    reasoning = "".join(delta.reasoning or "" for delta in deltas)
    return reasoning, "".join(delta.content or "" for delta in deltas)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, ("Hm.", "Yes!")),
        ("Hm.</think>Yes!", ("Hm.", "Yes!")),
        ("<think>Hm.", ("Hm.", None)),
        ("<think>Hm. </thi", ("Hm. </thi", None)),
        ("<think></think>Yes!", (None, "Yes!")),
        ("", (None, None)),
    ],
)
def test_a_whole_answer_gives_reasoning_and_content(text, expected):
    assert make_parser().extract_reasoning(text, None) == expected
    reasoning, content = joined(stream(make_parser(), list(text)))
    assert (reasoning or None, content or None) == expected


@pytest.mark.parametrize("length", [1, 2, 3, 7, 50])
def test_a_streamed_answer_gives_the_same(length):
    deltas = stream(make_parser(), pieces_of(TEXT, length))
    assert joined(deltas) == ("Hm.", "Yes!")
    assert all(delta.reasoning or delta.content for delta in deltas)


def test_markers_that_are_special_tokens_are_not_dropped():
    request = SimpleNamespace(skip_special_tokens=True)
    assert make_parser().adjust_request(request).skip_special_tokens is False


@pytest.mark.parametrize("kwargs", [{"enable_thinking": True}, {}, None])
def test_a_request_reasons_unless_it_says_otherwise(kwargs):
    parser = make_parser(chat_template_kwargs=kwargs, model_config=None)
    assert parser.extract_reasoning("Hm.", None) == ("Hm.", None)
    assert not parser.is_reasoning_end([])


def test_the_markers_are_what_a_thinking_token_budget_forces():
    parser = make_parser()
    assert (parser.reasoning_start_str, parser.reasoning_end_str) == ("<think>", "</think>")


def test_a_request_that_wants_no_reasoning_gets_content_alone():
    parser = make_parser(chat_template_kwargs={"enable_thinking": False})
    assert parser.is_reasoning_end([])
    assert parser.is_reasoning_end_streaming(ids("Yes"), ids("Yes"))
    assert parser.count_reasoning_tokens(ids("Yes", "!")) == 0
    assert parser.extract_reasoning("Yes!", None) == (None, "Yes!")
    assert joined(stream(parser, ["Yes", "!"])) == ("", "Yes!")


def test_a_prompt_that_ends_the_reasoning_is_noted():
    parser = make_parser()
    parser.set_prompt_token_ids(ids("<think>", "</think>"))
    assert parser.extract_reasoning("Yes!", None) == (None, "Yes!")
    assert joined(stream(parser, ["Yes", "!"])) == ("", "Yes!")
    parser = make_parser()
    parser.set_prompt_token_ids(ids("<think>"))
    assert parser.extract_reasoning("Hm.", None) == ("Hm.", None)


# Each is (the prompt, whether the reasoning is over at its end).
PROMPTS = [
    ([], False),
    (["Yes", "<think>"], False),
    (["<think>", "Hm", "</think>", "Yes"], True),
    (["<think>", "Hm", "</think>", "Yes", "<think>"], False),
    (["Hm", "</", "think", ">Yes"], True),
]


@pytest.mark.parametrize(("tokens", "ended"), PROMPTS)
def test_the_engine_is_told_whether_a_prompt_has_ended_the_reasoning(tokens, ended):
    assert make_parser().is_reasoning_end(ids(*tokens)) is ended


# Each is (the answer, how many of its tokens are reasoning or its markers).
ANSWERS = [
    (["<think>", "Hm", ".", "</think>", "Yes", "!"], 4),
    (["Hm", "</", "think", ">", "Yes", "!"], 4),
    (["Hm", "</", "think", ">Yes", "!"], 4),
    (["Hm", " </think", ">Yes", "</think>", "!"], 3),
    (["</think>", "<think>", "</think>"], 1),
    (["<think>", "Hm", "</", "think"], 4),
]


@pytest.mark.parametrize(("tokens", "length"), ANSWERS)
def test_the_engine_sees_the_reasoning_end_in_the_tokens(tokens, length):
    """One token at a time, and all at once, behind a prompt that has the last marker too."""
    parser = make_parser()
    prompt, answer = ids("Yes", "</think>", "<think>"), ids(*tokens)
    ends = [
        number
        for number in range(1, len(answer) + 1)
        if parser.is_reasoning_end_streaming(
            prompt + answer[:number], iter(answer[number - 1 : number])
        )
    ]
    assert ends[:1] == ([length] if "</think>" in "".join(tokens) else [])
    assert parser.is_reasoning_end_streaming(prompt + answer, answer) is bool(ends)
    assert not parser.is_reasoning_end_streaming(prompt, [])


@pytest.mark.parametrize(("tokens", "length"), ANSWERS)
def test_the_tokens_of_reasoning_and_of_content_are_told_apart(tokens, length):
    answer = ids(*tokens)
    assert make_parser().extract_content_ids(answer) == answer[length:]
    assert make_parser().count_reasoning_tokens(answer) == length


def test_in_a_stream_the_text_decides_and_not_the_tokens_before_it():
    """With a stop string the server holds text back: its tokens come earlier than it does."""
    parser = make_parser()
    tokens = ids("<think>", "Hm", "</think>")
    parser.extract_reasoning_streaming("", "<think>H", "<think>H", [], tokens, tokens)
    assert not parser.is_reasoning_end_streaming(tokens, tokens)
    more = ids("Yes")
    now = tokens + more
    delta = parser.extract_reasoning_streaming("", "", "m</think>Y", tokens, now, more)
    assert (delta.reasoning, delta.content) == ("m", "Y")
    assert parser.is_reasoning_end_streaming(now, more)
    assert parser.count_reasoning_tokens(now) == 3
    # In the engine, which has no text, the tokens decide.
    assert make_parser().is_reasoning_end_streaming(tokens, tokens)


@pytest.mark.parametrize("size", [1, 2, 3, 9])
@pytest.mark.parametrize(("tokens", "length"), ANSWERS)
def test_the_tokens_of_a_stream_are_counted_as_they_come(tokens, length, size):
    parser, seen = make_parser(), []
    for chunk in [tokens[start : start + size] for start in range(0, len(tokens), size)]:
        seen += (new := ids(*chunk))
        parser.extract_reasoning_streaming("", "", "".join(chunk), [], seen, new)
    assert parser.count_reasoning_tokens(seen) == length


def server_and_request(**kwargs):
    """Return what vLLM's server makes of this parser, and a request."""
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
    from vllm.parser.abstract_parser import DelegatingParser

    class Server(DelegatingParser):
        reasoning_parser_cls = {{ class_of("reasoning_parser") }}

    request = ChatCompletionRequest(messages=[{"role": "user", "content": "Noon?"}])
    tokenizer = make_parser().model_tokenizer
    return Server(tokenizer, request.tools, model_config=None, **kwargs), request


@pytest.mark.real_vllm
def test_vllms_server_sends_a_whole_answer():
    server, request = server_and_request()
    assert server.adjust_request(request).skip_special_tokens is False
    reasoning, content, calls = server.parse(TEXT, request)
    assert (reasoning, content, calls) == ("Hm.", "Yes!", [])


@pytest.mark.real_vllm
@pytest.mark.parametrize("size", [1, 2, 3, 9])
@pytest.mark.parametrize(
    "tokens",
    [
        ["<think>", "Hm", ".", "</think>", "Yes", "!"],
        ["Hm", ".", "</", "think", ">Yes", "!"],
    ],
    ids=["special", "plain"],
)
def test_vllms_server_streams_an_answer(size, tokens):
    server, request = server_and_request()
    chunks = [tokens[start : start + size] for start in range(0, len(tokens), size)]
    deltas = [
        server.parse_delta(
            "".join(chunk), ids(*chunk), request, ids("Yes"), finished=number == len(chunks)
        )
        for number, chunk in enumerate(chunks, 1)
    ]
    assert joined([delta for delta in deltas if delta]) == ("Hm.", "Yes!")


@pytest.mark.real_vllm
def test_vllms_server_streams_content_alone_after_a_prompt_that_ends_the_reasoning():
    server, request = server_and_request()
    prompt = ids("<think>", "</think>")
    delta = server.parse_delta("Yes", ids("Yes"), request, prompt, finished=True)
    assert (delta.reasoning, delta.content) == (None, "Yes")
