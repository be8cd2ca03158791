"""Any answer gives a working package or one clear line: properties, checked on random answers.

The fast lane tries 200 sets of answers, `--hypothesis-profile=thorough` 25 times as many.
"""

import ast
import json
import os
import re
import tempfile
from collections.abc import Callable
from email.parser import HeaderParser
from functools import cache
from itertools import chain, cycle
from pathlib import Path
from runpy import run_path
from zipfile import ZipFile

import pytest
from cookiecutter.generate import generate_context, generate_files
from cookiecutter.prompt import prompt_for_config
from hypothesis import event, example, given
from hypothesis import strategies as st
from shared.rendering import FIXTURE_ENGINE, KINDS, MODELS, PARTS, ROOT, render_into, run

LICENSES = ["Apache-2.0", "MIT", "BSD-3-Clause", "Proprietary"]
DEFAULTS = {
    "package_name": "vllm_my_model",
    "plugin_name": "vllm_my_model",
    "also": "-",
    "class_name": "MyModelForCausalLM",
    "registered_name": "vllm_my_model",
    "description": "Adds MyModelForCausalLM to vLLM.",
    "author_name": "Your Name",
    "author_email": "you@example.com",
    "repository_url": "https://example.com/vllm_my_model",
}
KEYWORDS = {
    "description": "description",
    "author_name": "author",
    "author_email": "author_email",
    "repository_url": "url",
}
# The only files that an answer in free words gets into.
WORDS_IN = {"setup.py", "README.md", "LICENSE"}

RULES = run_path(str(ROOT / "answer_rules.py"))
KNOWN_MODEL_TYPES = RULES["KNOWN_MODEL_TYPES"]

# All code points, and lone surrogates, which a shell makes of bytes that are not UTF-8.
anything = st.text(st.characters(exclude_categories=[]), max_size=310)
specials = st.text("'\"\\%#{}[]<>&*!|`$:;,.-_=+~^@/ \t\nêж中ש😀\u202e", max_size=40)
hostile = anything | specials
printable = st.characters(exclude_categories=["C", "Z"], exclude_characters="{")
words = st.lists(st.text(printable, min_size=1, max_size=100), min_size=1, max_size=3).map(" ".join)
words = words.map(lambda text: text[:300].strip())
address = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters='@,;<>"{'), min_size=1
)
FREE = {
    "description": words,
    "author_name": words,
    "author_email": st.tuples(address, address).map("@".join),
    "repository_url": address.map("https://".__add__),
}
LOWER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
UPPER = LOWER.upper()


def name_of(first: str, between: str, last: str) -> st.SearchStrategy[str]:
    """Return names of two characters or more, each of a set of its own."""
    parts = (st.sampled_from(first), st.text(between, max_size=20), st.sampled_from(last))
    return st.tuples(*parts).map("".join)


PLUGIN, TYPE = LOWER + UPPER + DIGITS, LOWER + DIGITS
NAMES = {
    "package_name": name_of(LOWER, LOWER + DIGITS + "_", LOWER + DIGITS),
    "plugin_name": name_of(PLUGIN, PLUGIN + "._-", PLUGIN),
    "class_name": name_of(UPPER, LOWER + UPPER + DIGITS + "_", LOWER + UPPER + DIGITS + "_"),
    "registered_name": name_of(TYPE, TYPE + "._-", TYPE) | st.sampled_from(list(KNOWN_MODEL_TYPES)),
}


@st.composite
def answers_to(draw, good: dict) -> dict[str, str]:
    """Draw good answers; in one of three sets, one of them may be anything."""
    exception = draw(st.sampled_from([*good, *["none"] * 2 * len(good)]))
    return {field: draw(hostile if field == exception else good[field]) for field in good}


ALONE = [{"kind": kind, "also": "-"} for kind in KINDS]
TOGETHER = [
    {"kind": MODELS[0], "also": ",".join(PARTS)},
    {"kind": PARTS[0], "also": ",".join([MODELS[-1], *PARTS[1:3]])},
]
# Each package with one license: a text that is the same for all kinds.
PACKAGES = [
    package | {"license": license_name}
    for package, license_name in zip([*ALONE, *TOGETHER], cycle(LICENSES), strict=False)
]
packages = st.sampled_from(PACKAGES)

NASTY = [
    "'",
    '"',
    "'''",
    '"""',
    "\\",
    'ends in \\"',
    "100 % %s %(name)s",
    "- a: [b, c] # d",
    "&anchor *alias !tag |",
    "[table] key = 'value'",
    "<script>alert(1)</script> &amp;",
    "🦜 نص من اليمين 模型",
    "${{ secrets.TOKEN }}".replace("{{", "{ {"),
    "$(id) `id` ; id",
    "x" * 300,
]
NASTY_SETS = [
    {"description": text, "author_name": text, "author_email": "o'neil+a%b@example.com"}
    | {"repository_url": "https://example.com/a'b%20c?d=\\e&f#g"}
    for text in NASTY
]


@pytest.fixture(scope="module", autouse=True)
def cookiecutter_inside():
    """Let the template's extension be found, as cookiecutter's command lets it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        yield


def render(answers: dict[str, str]) -> dict[str, bytes] | str:
    """Render without hooks; return each file's bytes, or the line that refuses an answer."""
    context = generate_context(str(ROOT / "cookiecutter.json"), {}, answers)
    with tempfile.TemporaryDirectory() as folder:
        try:
            context["cookiecutter"] = prompt_for_config(context, no_input=True)
        except SystemExit as refusal:
            return str(refusal.code)
        project = Path(generate_files(str(ROOT), context, folder, accept_hooks=False))
        files = [path for path in project.rglob("*") if path.is_file()]
        assert {path.name for path in Path(folder).iterdir()} == {answers["package_name"]}
        return {path.relative_to(project).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def usual() -> Callable:
    """Return a function that gives the files that the default answers lead to."""
    return cache(lambda number: render(DEFAULTS | PACKAGES[number]))


def assert_refused(line: str, answers: dict[str, str]) -> None:
    [field] = re.findall(r"^Error: (\w+) = ", line)
    assert line.startswith(f"Error: {field} = {answers[field]!r} "), line
    assert re.search(r"(: use|: leave out) \S", line), line
    assert line.isprintable(), "it would take several lines, or disturb a terminal"
    if better := re.search(r": use (\S+)$", line):
        assert RULES["problem_with"](answers | {field: better[1]}, field) == "", line


def arguments_of_setup(text: bytes) -> dict[str, ast.expr]:
    expression = ast.parse(text).body[-1]
    assert isinstance(expression, ast.Expr)
    assert isinstance(expression.value, ast.Call)
    return {str(keyword.arg): keyword.value for keyword in expression.value.keywords}


@given(answers=answers_to(FREE), package=packages)
def test_words_stay_in_their_places(usual, answers, package):
    answers = DEFAULTS | answers | package
    files, expected = render(answers), usual(PACKAGES.index(package))
    event("refused" if isinstance(files, str) else "rendered")
    if isinstance(files, str):
        assert_refused(files, answers)
        return
    assert files.keys() == expected.keys()
    assert {file for file in files if files[file] != expected[file]} <= WORDS_IN
    # In setup.py: the four arguments are the answers, and all else is as it was.
    given_now, given_then = (arguments_of_setup(x["setup.py"]) for x in (files, expected))
    for field, argument in KEYWORDS.items():
        assert ast.literal_eval(given_now.pop(argument)) == answers[field]
        del given_then[argument]
    assert list(map(ast.dump, given_now.values())) == list(map(ast.dump, given_then.values()))
    # In the others: the lines that hold an answer, and no line more.
    for file, field in (("README.md", "description"), ("LICENSE", "author_name")):
        now, then = (text[file].decode().split("\n") for text in (files, expected))
        differing = [pair for pair in zip(now, then, strict=True) if pair[0] != pair[1]]
        assert len(differing) <= 1
        if file == "LICENSE" and differing:
            assert differing[0][0] == differing[0][1].replace(DEFAULTS[field], answers[field])


for nasty in NASTY_SETS:
    test_words_stay_in_their_places = example(nasty, PACKAGES[0])(test_words_stay_in_their_places)


@given(answers=answers_to(NAMES), package=packages)
def test_names_give_a_package_or_one_clear_line(usual, answers, package):
    answers = DEFAULTS | answers | package
    files = render(answers)
    event("refused" if isinstance(files, str) else "rendered")
    if isinstance(files, str):
        assert_refused(files, answers)
        return
    name = answers["package_name"]
    expected = {
        re.sub("^vllm_my_model/", f"{name}/", file): text
        for file, text in usual(PACKAGES.index(package)).items()
        if file != "vllm_my_model/config.py" or answers["registered_name"] not in KNOWN_MODEL_TYPES
    }
    assert files.keys() == expected.keys()
    for file, text in files.items():
        # What is as usual was run by other tests.
        if file.endswith(".py") and text != expected[file]:
            ast.parse(text, file)
    usual_toml = expected["pyproject.toml"].decode().replace("vllm_my_model", name)
    assert files["pyproject.toml"].decode() == usual_toml
    about: dict = {}
    exec(files[f"{name}/about.py"], about)
    assert about["PLUGIN_NAME"] == answers["plugin_name"]
    if package["kind"] in MODELS:
        config_class = "config:Config" if f"{name}/config.py" in files else None
        assert_names(about, answers, config_class)
    else:
        # The class is that of the first part, whatever the key in its table is.
        values = [about[table].values() for table in RULES["tables_of"]([package["kind"]])]
        classes = {value.partition(":")[2] for value in chain(*values)}
        assert answers["class_name"] in classes


def assert_names(about: dict, answers: dict, config_class: str | None = "config:Config") -> None:
    """Assert that about.py of a model states the names that were answered."""
    name = answers["class_name"]
    assert about["ARCHITECTURES"] == {name: f"model:{name}"}
    assert about["MODEL_TYPES"] == {answers["registered_name"]: config_class}


# One for each kind; the longest first, since a file name may have so many characters.
SAMPLE = {
    "package_name": "p" * 64,
    "plugin_name": "P.l-u_g" * 9,
    "class_name": "A_" + "b" * 62,
    "registered_name": "m.o-d_el" * 8,
}


@pytest.mark.parametrize(
    ("kind", "text"),
    list(zip(MODELS, cycle([NASTY[3], NASTY[5], NASTY[11], NASTY[14]]), strict=False)),
)
def test_what_is_accepted_can_be_built_installed_and_registered(tmp_path, kind, text):
    answers = SAMPLE | NASTY_SETS[NASTY.index(text)] | {"kind": kind}
    project = render_into(tmp_path, **answers)
    run("python", "-m", "build", "--wheel", "--no-isolation", project)
    [wheel] = project.glob("dist/*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    [metadata] = tmp_path.glob("installed/*.dist-info/METADATA")
    read = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
    assert read["Name"] == answers["package_name"]
    assert read["Summary"] == text
    assert read["Author"] == text
    assert read["Author-email"] == answers["author_email"]
    assert read["Home-page"] == answers["repository_url"]
    path = f"{tmp_path / 'installed'}:{project / FIXTURE_ENGINE}"
    output = run("python", "-m", "vllm.fixture", env=os.environ | {"PYTHONPATH": path}).stdout
    registered = f"{answers['package_name']}.model:{answers['class_name']}"
    for report in json.loads(output):
        assert report["plugins"] == [answers["plugin_name"]]
        assert report["architectures"] == {answers["class_name"]: registered}


def test_about_py_is_read_as_it_is_written(tmp_path):
    """The properties run about.py as text; from a file it says the same."""
    project = render_into(tmp_path, **SAMPLE)
    about = run_path(str(project / SAMPLE["package_name"] / "about.py"))
    assert_names(about, SAMPLE)
