"""Every question is checked right after it is answered, and all once more at the end."""

from functools import partial
from itertools import pairwise

import pytest
from rules import BRACES, GOOD, QUESTIONS, RULES, problem
from shared.rendering import ROOT


def test_every_question_is_checked_right_after_it_is_answered():
    keys = [key for key in QUESTIONS if not key.startswith("__prompts")]
    free = [key for key in keys if not key.startswith("_") and isinstance(QUESTIONS[key], str)]
    assert list(RULES["RULES"]) == free
    following = dict(pairwise(keys))
    for field in free:
        assert following[field] == f"__check_{field}"
        assert QUESTIONS[f"__check_{field}"] == f"{{{{ cookiecutter | check('{field}') }}}}"


def test_every_question_has_a_prompt_and_every_choice_a_label():
    prompts = QUESTIONS["__prompts__"]
    asked = [key for key in QUESTIONS if not key.startswith("_")]
    assert list(prompts) == asked
    for key in asked:
        if isinstance(QUESTIONS[key], list):
            assert list(prompts[key]) == ["__prompt__", *QUESTIONS[key]]
            for choice in QUESTIONS[key]:
                assert prompts[key][choice].startswith(choice)


def test_all_answers_are_checked_once_more_at_the_end():
    bad = GOOD | {"plugin_name": "a,b", "author_email": "a", "repository_url": "<>"}
    found = RULES["problems"](bad)
    assert [line.partition(" = ")[0] for line in found] == [
        "plugin_name",
        "author_email",
        "repository_url",
    ]
    assert RULES["problems"](GOOD) == []


def test_a_refusal_ends_the_program_with_one_line():
    with pytest.raises(SystemExit) as refusal:
        RULES["check"](GOOD | {"plugin_name": "a,b"}, "plugin_name")
    assert str(refusal.value) == "Error: " + problem("plugin_name", "a,b")
    assert RULES["check"](GOOD, "plugin_name") == ""


# Jinja would run the first three, and drop the line break at the end of the last.
@pytest.mark.parametrize("source", [*(f"a {brace} b" for brace in BRACES), "a line\n"])
def test_what_jinja_would_change_is_refused_as_the_answer_to_the_next_question(source):
    refuse = partial(RULES["refuse_template_code"], source)
    following = dict(pairwise([None, *RULES["RULES"], "an answer"]))
    for last_checked, field in following.items():
        with pytest.raises(SystemExit) as refusal:
            refuse(last_checked)
        assert str(refusal.value).startswith(f"Error: {field} = ")


def test_what_cookiecutter_renders_itself_is_not_refused():
    own = [value for value in QUESTIONS.values() if isinstance(value, str)]
    own += [hook.read_text(encoding="utf-8") for hook in (ROOT / "hooks").iterdir()]
    own += ["{{cookiecutter.package_name}}", "{{cookiecutter.package_name}}/README.md", "plain"]
    for source in own:
        assert RULES["refuse_template_code"](source, None) is None
