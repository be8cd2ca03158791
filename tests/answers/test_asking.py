"""When answers are refused: at the command line, at a terminal, and at last by the hook."""

import pytest
from asking import COOKIECUTTER, assert_refused, cookiecutter
from shared.rendering import TYPED, assert_was_asked_again, at_a_terminal


def test_a_refusal_is_one_line_at_the_command_line(tmp_path):
    result = cookiecutter(tmp_path, "--no-input", "package_name=my-model")
    assert_refused(result, tmp_path, "package_name", "my-model", "use my_model")


def test_template_code_is_refused_at_the_command_line(tmp_path):
    result = cookiecutter(tmp_path, "--no-input", "author_name={{ 7*7 }}")
    assert_refused(result, tmp_path, "author_name", "{{ 7*7 }}", "leave out")


def test_a_refusal_does_not_need_hooks(tmp_path):
    result = cookiecutter(tmp_path, "--no-input", "--accept-hooks", "no", "plugin_name=a,b")
    assert_refused(result, tmp_path, "plugin_name", "a,b", "use a_b")


@pytest.mark.parametrize("answer", ["My Model", "{{ 7*7 }}"])
def test_a_typed_answer_is_refused_right_after_its_question(tmp_path, answer):
    result = cookiecutter(tmp_path, typed=f"\n\n{answer}\n")
    assert_refused(result, tmp_path, "package_name", answer, "")
    assert "VLLM_PLUGINS" not in result.stdout, "the next question was asked"


def test_typed_template_code_is_refused_too(tmp_path):
    result = cookiecutter(tmp_path, typed="\n\n\n\n\n\n{{ 7*7 }}\n")
    assert_refused(result, tmp_path, "description", "{{ 7*7 }}", "leave out")


def test_at_a_terminal_a_typed_answer_is_asked_for_again(tmp_path):
    status, shown = at_a_terminal(TYPED, *COOKIECUTTER, str(tmp_path))
    assert_was_asked_again(status, shown, tmp_path)


def test_at_a_terminal_what_nobody_typed_is_refused(tmp_path):
    answers = ["--no-input", "package_name=My-Model"]
    status, shown = at_a_terminal("parrot\n", *COOKIECUTTER, str(tmp_path), *answers)
    assert status == 1, shown
    assert "Error: package_name = 'My-Model' " in shown
    assert list(tmp_path.iterdir()) == []


def test_the_hook_refuses_what_got_round_the_checks(tmp_path):
    bypass = ["__check_plugin_name=", "__check_author_name="]
    result = cookiecutter(tmp_path, "--no-input", "plugin_name=a,b", "author_name= ", *bypass)
    assert result.returncode == 1
    assert "Error: plugin_name = 'a,b' " in result.stderr
    assert "Error: author_name = ' ' " in result.stderr
    assert list(tmp_path.iterdir()) == []
