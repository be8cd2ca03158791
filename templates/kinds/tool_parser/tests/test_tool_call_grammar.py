"""The grammar finds the calls in a text, and the same however the text is cut. Needs no vLLM."""

import json

import pytest
from cuts import every_cut, random_texts

from {{ cookiecutter.package_name }} import _safety
{{ import_from(cookiecutter.package_name ~ ".tool_call_grammar", ["Call", "Grammar"]) }}

WEATHER = '<call>{"name": "get_weather", "arguments": {"city": "Paris"}}</call>'
PARIS = Call("get_weather", '{"city": "Paris"}')
NESTED = {"a": [{"b": "}</call><call>{"}, 1.5, None, True], "quote": '\\"', "": {}}
# Each is (what the model writes, what is in it). A text is one string, however it comes.
CASES = {
    "nothing": ("", []),
    "text": ("It is sunny.", ["It is sunny."]),
    "one call": (WEATHER, [PARIS]),
    "text before and after": (f"Wait. {WEATHER} Done.", ["Wait. ", PARIS, " Done."]),
    "two calls": (WEATHER * 2, [PARIS, PARIS]),
    "a line between calls": (f"{WEATHER}\n{WEATHER}", [PARIS, "\n", PARIS]),
    "no arguments": ('<call>{"name": "now", "arguments": {}}</call>', [Call("now", "{}")]),
    "arguments first": ('<call>{"arguments": {}, "name": "now"}</call>', [Call("now", "{}")]),
    "space inside": ('<call>\n {"name": "now",\n "arguments": {}}\n</call>', [Call("now", "{}")]),
    "nested, and markers in strings": (
        "<call>" + json.dumps({"name": "f", "arguments": NESTED}) + "</call>",
        [Call("f", json.dumps(NESTED))],
    ),
    "unicode": (
        '<call>{"name": "f", "arguments": {"k": "caf\u00e9 \U0001f600 \\u00e9"}}</call>',
        [Call("f", '{"k": "caf\u00e9 \U0001f600 \u00e9"}')],
    ),
    "marker of its own in text": ("Write <call> to call.", ["Write <call> to call."]),
    "half a marker": ("a < b <ca <call", ["a < b <ca <call"]),
    "an end alone": ("a </call> b", ["a </call> b"]),
    "a marker before a call": (f"<call><call>{WEATHER}", ["<call><call>", PARIS]),
    "a call in a call that breaks off": (
        f'<call>{% raw %}{{"name": {% endraw %}{WEATHER}',
        ['<call>{"name": ', PARIS],
    ),
}
# Each is (what the model writes, a word of the reason). The text stays as it is.
MALFORMED = {
    "no end": ('<call>{"name": "f", "arguments": {}}', "no end"),
    "cut off in a string": ('<call>{"name": "f', "no end"),
    "cut off in the end": ('<call>{"name": "f", "arguments": {}}</ca', "no end"),
    "not JSON": ("<call>{name: f}</call>", "out of place"),
    "no colon": ('<call>{"name" "f", "arguments": {}}</call>', "delimiter"),
    "a word more": ('<call>{"name": "f", "arguments": {}} x</call>', "does not follow"),
    "no name": ('<call>{"arguments": {}}</call>', "needs name and arguments"),
    "an empty name": ('<call>{"name": "", "arguments": {}}</call>', "name must be a string"),
    "arguments as a list": ('<call>{"name": "f", "arguments": []}</call>', "arguments an object"),
    "arguments as a string": ('<call>{"name": "f", "arguments": "{}"}</call>', "an object"),
    "something more": ('<call>{"name": "f", "arguments": {}, "a": 1}</call>', "nothing else"),
    "a line break in a string": ('<call>{"name": "f\n", "arguments": {}}</call>', "out of place"),
    "half a surrogate pair": (
        '<call>{"name": "f", "arguments": {"a": "\\ud800"}}</call>',
        "surrogates not allowed",
    ),
    "nested too deep": (
        '<call>{"name": "f", "arguments": {"a": ' + "[" * 99999 + "]" * 99999 + "}}</call>",
        "nested too deep",
    ),
    "brackets that do not match": ('<call>{"name": "f", "arguments": {]}</call>', "property name"),
}


def parsed(*pieces: str) -> list[str | Call]:
    grammar = Grammar()
    found = [part for piece in pieces for part in grammar.feed(piece)] + grammar.finish()
    result: list[str | Call] = []
    for part in found:
        if isinstance(part, str) and result and isinstance(result[-1], str):
            result[-1] += part
        else:
            result.append(part)
    return result


@pytest.fixture
def log(monkeypatch):
    """Collect what the plugin logs."""
    messages = []
    monkeypatch.setattr(
        _safety.logger, "warning", lambda text, *values: messages.append(text % values)
    )
    return messages


@pytest.mark.parametrize("name", CASES)
def test_a_whole_text_gives_text_and_calls(name):
    text, expected = CASES[name]
    assert parsed(text) == expected


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_call_stays_text_and_is_logged_once(log, name):
    text, reason = MALFORMED[name]
    assert parsed(text) == [text]
    [message] = log
    assert reason in message


@pytest.mark.parametrize("name", MALFORMED)
def test_a_call_after_a_malformed_one_is_found(name):
    text, _ = MALFORMED[name]
    # In a string that has no end, the next call is text too.
    if name != "cut off in a string":
        assert parsed(f"{text} {WEATHER}") == [f"{text} ", PARIS]


def test_prose_that_names_the_marker_is_not_logged(log):
    parsed("Write <call> to call.")
    assert log == []


TEXTS = [text for text, _ in [*CASES.values(), *MALFORMED.values()] if len(text) < 1000]


@pytest.mark.parametrize("text", TEXTS)
def test_every_cut_gives_the_same(log, text):
    whole = parsed(text)
    said = log[:]
    for pieces in every_cut(text):
        assert parsed(*pieces) == whole
    assert log == said * (2 + len(text) + 1)


def test_random_texts_at_random_cuts_give_the_same():
    bits = ["<", "<call>", "</call>", "{", "}", '"', "\\", ":", " ", "a", "[", "]", WEATHER]
    bits += ['{"name": "f", "arguments": {', "}}", "<ca", "ll>", "\u00e9", "1", ","]
    for text, pieces in random_texts(15, bits, 2000):
        whole = parsed(text)
        assert parsed(*pieces) == whole, pieces
        if all(isinstance(part, str) for part in whole):
            assert "".join(whole) == text


def test_text_is_not_held_back_longer_than_needed():
    grammar = Grammar()
    assert grammar.feed("It is ") == ["It is "]
    assert grammar.feed("< 5 <") == ["< 5 "]
    assert grammar.feed("call") == []
    assert grammar.feed("er") == ["<caller"]


def test_a_long_call_takes_time_in_proportion_to_its_length():
    """Each character is read once, however many pieces it comes in."""
    grammar, read = Grammar(), []
    accepts = grammar._accepts
    grammar._accepts = lambda character: read.append(character) or accepts(character)
    text = WEATHER.replace("Paris", "x" * 5000)
    assert [part for piece in text for part in grammar.feed(piece)]
    assert len(read) == len(text) - len("<call></call>")
