"""The grammar tells reasoning from content, and the same however the text is cut. Needs no vLLM."""

import pytest
from cuts import every_cut, random_texts

{{ import_from(cookiecutter.package_name ~ ".reasoning_grammar", ["Grammar", "is_closed"]) }}

# Each is (what the model writes, the reasoning, the content). A text is one string, however it comes.
CASES = {
    "nothing": ("", "", ""),
    "reasoning and content": ("<think>It is noon.</think>Noon.", "It is noon.", "Noon."),
    "the prompt has the first marker": ("It is noon.</think>Noon.", "It is noon.", "Noon."),
    "no marker": ("It is noon.", "It is noon.", ""),
    "empty reasoning": ("<think></think>Noon.", "", "Noon."),
    "an end alone": ("</think>Noon.", "", "Noon."),
    "no content": ("<think>It is noon.</think>", "It is noon.", ""),
    "space before the first marker": ("\n <think>a</think>b", "a", "b"),
    "space before other text": ("\n a</think>b", "\n a", "b"),
    "line breaks stay": ("<think>\na\n</think>\n\nb\n", "\na\n", "\n\nb\n"),
    "unicode": (
        "<think>caf\u00e9 \U0001f600</think>\u00e9t\u00e9 \U0001f600",
        "caf\u00e9 \U0001f600",
        "\u00e9t\u00e9 \U0001f600",
    ),
    "markers in the content": ("a</think>b <think>c</think>d", "a", "b <think>c</think>d"),
    "the first marker in the reasoning": ("<think>a <think> b</think>c", "a <think> b", "c"),
    "the first marker is late": ("a <think>b</think>c", "a <think>b", "c"),
    "twice the first marker": ("<think><think>a</think>b", "<think>a", "b"),
    "cut off in the reasoning": ("<think>It is", "It is", ""),
    "cut off in the first marker": ("<thi", "<thi", ""),
    "cut off in the last marker": ("<think>a</thi", "a</thi", ""),
    "only the first marker": ("<think>", "", ""),
    "only space": ("\n ", "\n ", ""),
    "half a marker": ("<think>a < b </ c </think d</think>e", "a < b </ c </think d", "e"),
    "a marker begins twice": ("<think>a</thi</think>b", "a</thi", "b"),
    "a marker begins twice, one sign apart": ("a<</think>b<", "a<", "b<"),
}


def parsed(*pieces: str) -> tuple[str, str]:
    grammar = Grammar()
    parts = [*map(grammar.feed, pieces), grammar.finish()]
    return "".join(part.reasoning for part in parts), "".join(part.content for part in parts)


@pytest.mark.parametrize("name", CASES)
def test_a_whole_text_gives_reasoning_and_content(name):
    text, reasoning, content = CASES[name]
    assert parsed(text) == (reasoning, content)


@pytest.mark.parametrize("name", CASES)
def test_every_cut_gives_the_same(name):
    text, *expected = CASES[name]
    for pieces in every_cut(text):
        assert parsed(*pieces) == tuple(expected), pieces


def test_random_texts_at_random_cuts_give_the_same():
    bits = ["<", "<think>", "</think>", "</", "<th", "ink>", ">", "/", " ", "\n", "a", "\u00e9"]
    for text, pieces in random_texts(16, bits, 2000):
        whole = parsed(text)
        assert parsed(*pieces) == whole, pieces
        # Nothing is lost but the markers.
        begun = text.lstrip().startswith("<think>")
        left = text.lstrip().removeprefix("<think>") if begun else text
        assert "".join(whole) == left.replace("</think>", "", 1)


def test_an_answer_without_reasoning_is_all_content():
    grammar = Grammar(ended=True)
    assert grammar.feed("<think>a</think") == ("", "<think>a</think")
    assert grammar.finish() == ("", "")


def test_text_is_not_held_back_longer_than_needed():
    grammar = Grammar()
    assert grammar.feed("<think>It is ") == ("It is ", "")
    assert grammar.feed("< 5 <") == ("< 5 ", "")
    assert grammar.feed("/thi") == ("", "")
    assert grammar.feed("s") == ("</this", "")
    assert not grammar.ended
    assert grammar.feed("</think>6 <") == ("", "6 <")
    assert grammar.ended


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("", False),
        ("It is noon.", False),
        ("<think>", False),
        ("<think>a</think>", True),
        ("<think>a</think>b <think>c", False),
        ("a</think>b", True),
    ],
)
def test_a_prompt_is_closed_if_its_last_marker_is_the_end(text, closed):
    assert is_closed(text) is closed
