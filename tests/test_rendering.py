"""What the template writes: which files, in which form, with each fact in one place."""

import ast
import json
import re
from pathlib import Path

import pytest
from helpers import FIXTURE_ENGINE, KINDS, ROOT, SUPPORTED_VLLM, read_about, render_into, run

LICENSES = ["Apache-2.0", "MIT", "BSD-3-Clause", "Proprietary"]
# No answer is its default, none is part of another, and the texts hold what needs quoting.
ANSWERS = {
    "package_name": "acme_parrot",
    "plugin_name": "acme.parrot-plugin",
    "architecture": "ParrotForCausalLM",
    "model_type": "norwegian_blue",
    "description": """It's "quoted", 100 % <b>bold</b> & `code`, a \\ and *stars*""",
    "author_name": 'Zoë "Q" O\'Neil \\',
    "author_email": "zoe@acme.example",
    "repository_url": "https://git.acme.example/parrot?a=1&b=2",
}


def files_in(project: Path) -> set[str]:
    return {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}


@pytest.fixture(params=KINDS)
def project(request, render) -> Path:
    return render(model_kind=request.param, **ANSWERS)


def test_every_kind_on_offer_is_tested():
    questions = json.loads((ROOT / "cookiecutter.json").read_text())
    assert questions["model_kind"] == KINDS
    assert questions["license"] == LICENSES


def test_every_kind_is_one_room_with_the_same_files():
    rooms = {path.name: files_in(path) for path in (ROOT / "templates" / "kinds").iterdir()}
    room = {
        "audit_reference.json",
        "config.py",
        "model.py",
        "serve.md",
        "test_model.py",
        "yours.md",
    }
    # Where a kind does not run on all that the others do.
    optional = {"oldest_vllm.txt"}
    assert {kind: files - optional for kind, files in rooms.items()} == dict.fromkeys(KINDS, room)


def test_the_files_are_exactly_these(project):
    fixture_engine = {
        (FIXTURE_ENGINE / name).as_posix() for name in files_in(project / FIXTURE_ENGINE)
    }
    assert files_in(project) - fixture_engine == {
        ".github/dependabot.yml",
        ".github/workflows/audit.yml",
        ".github/workflows/release.yml",
        ".github/workflows/test.yml",
        ".gitignore",
        "CHANGELOG.md",
        "Dockerfile",
        "LICENSE",
        "MANIFEST.in",
        "README.md",
        "acme_parrot/__init__.py",
        "acme_parrot/__main__.py",
        "acme_parrot/_safety.py",
        "acme_parrot/about.py",
        "acme_parrot/config.py",
        "acme_parrot/model.py",
        "acme_parrot/py.typed",
        "pyproject.toml",
        "setup.py",
        "tests/audit/__main__.py",
        "tests/audit/reference.json",
        "tests/audit/uses.py",
        "tests/audit/vllm_source.py",
        "tests/conftest.py",
        "tests/test_audit.py",
        "tests/test_compatibility.py",
        "tests/test_doctor.py",
        "tests/test_model.py",
        "tests/test_registration.py",
        "tests/tiny_llama.py",
    }


def test_the_same_answers_give_the_same_bytes(project, request, tmp_path):
    kind = request.node.callspec.params["project"]
    again = render_into(tmp_path, model_kind=kind, **ANSWERS)
    for name in files_in(project):
        assert (again / name).read_bytes() == (project / name).read_bytes(), name


def test_every_text_ends_in_one_newline_and_holds_no_template_code(project):
    for name in sorted(files_in(project) - {"acme_parrot/py.typed"}):
        text = (project / name).read_text(encoding="utf-8")
        assert re.fullmatch(r"\S(.*\S)?\n", text.lstrip(" "), re.DOTALL), name
        assert not re.search(r"[ \t]$", text, re.MULTILINE), name
        assert "cookiecutter." not in text, name
        if not name.startswith(".github/"):
            assert not re.search(r"{{|}}|{%|%}|{#", text), name


def test_ruff_finds_nothing_to_say(project):
    run("ruff", "check", ".", cwd=project)
    run("ruff", "format", "--check", ".", cwd=project)


@pytest.mark.parametrize("kind", KINDS)
def test_ruff_finds_nothing_to_say_with_the_longest_names(render, kind):
    names = {"package_name": "p" * 64, "architecture": "A" * 64, "plugin_name": "n" * 64}
    project = render(model_kind=kind, **names)
    run("ruff", "check", ".", cwd=project)
    run("ruff", "format", "--check", ".", cwd=project)


@pytest.mark.parametrize("fact", ["plugin_name", "architecture", "model_type"])
def test_each_fact_stands_once(project, fact):
    places = [
        f"{path.relative_to(project)}:{number}"
        for path in sorted(project.rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ANSWERS[fact] in line and not line.startswith("class ")
    ]
    assert [place.partition(":")[0] for place in places] == ["acme_parrot/about.py"], places


def test_the_vllm_range_stands_once_and_is_the_templates(project, request):
    about = read_about(project)
    kind = request.node.callspec.params["project"]
    assert about["OLDEST_VLLM"] == ("0.31.0" if kind == "multimodal" else SUPPORTED_VLLM[0])
    assert about["NEWEST_VLLM"] == SUPPORTED_VLLM[-1]
    for name in files_in(project):
        # The audit's reference says on which version it was recorded.
        others = ("acme_parrot/about.py", "tests/audit/reference.json")
        if not name.startswith((FIXTURE_ENGINE.as_posix(), *others)):
            text = (project / name).read_text(encoding="utf-8")
            assert about["OLDEST_VLLM"] not in text, name
            assert about["NEWEST_VLLM"] not in text, name


def test_setup_py_holds_the_answers_as_they_were_given(project):
    tree = ast.parse((project / "setup.py").read_text(encoding="utf-8"))
    setup = tree.body[-1].value
    given = {k.arg: k.value.value for k in setup.keywords if isinstance(k.value, ast.Constant)}
    assert given["description"] == ANSWERS["description"]
    assert given["author"] == ANSWERS["author_name"]
    assert given["author_email"] == ANSWERS["author_email"]
    assert given["url"] == ANSWERS["repository_url"]


@pytest.mark.parametrize(
    ("description", "markdown"),
    [
        ("7B decoder", "7B decoder"),
        ("1. of all", "1\\. of all"),
        ("# no heading", "\\# no heading"),
        ("- no list", "\\- no list"),
        ("a *b* <c> `d` [e](f) g_h", "a \\*b\\* \\<c\\> \\`d\\` \\[e\\](f) g\\_h"),
    ],
)
def test_the_readme_shows_the_description_as_it_was_given(render, description, markdown):
    readme = (render(description=description) / "README.md").read_text()
    assert readme.splitlines()[2] == markdown


def test_pyproject_holds_no_metadata(project):
    text = (project / "pyproject.toml").read_text()
    assert re.findall(r"^\[(\w+[-\w]*)", text, re.MULTILINE) == ["build-system"] + ["tool"] * 5


@pytest.mark.parametrize("name", LICENSES)
def test_the_license_is_the_one_that_was_chosen(render, name):
    project = render(license=name, author_name="Acme Ltd")
    text = (project / "LICENSE").read_text()
    words = {
        "Apache-2.0": "Apache License",
        "MIT": "MIT License",
        "BSD-3-Clause": "BSD 3-Clause License",
        "Proprietary": "All rights reserved",
    }
    assert [other for other in LICENSES if words[other] in text] == [name]
    assert ("Acme Ltd" in text) is (name != "Apache-2.0")
    setup = (project / "setup.py").read_text()
    compile(setup, "setup.py", "exec")
    # An index refuses what it must not publish.
    assert ("Private :: Do Not Upload" in setup) is (name == "Proprietary")
    assert f"\n{name}, see `LICENSE`." in (project / "README.md").read_text()
    expression = "LicenseRef-Proprietary" if name == "Proprietary" else name
    assert f'license_expression="{expression}"' in (project / "setup.py").read_text()


def test_the_apache_license_is_the_whole_one():
    assert (ROOT / "templates/licenses/Apache-2.0.txt").read_text() == (
        ROOT / "LICENSE"
    ).read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_has_the_class_that_is_registered(render, kind):
    tree = ast.parse((render(model_kind=kind, **ANSWERS) / "acme_parrot" / "model.py").read_text())
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes[-1] == ANSWERS["architecture"]


def test_the_readme_names_files_and_settings_that_are_there(project):
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert f"*plugin names*. This plugin's is `{ANSWERS['plugin_name']}`." in readme
    table = readme.split("| file |")[1].split("\n\n")[0]
    names = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    assert len(names) == 9
    assert [name for name in names if not (project / name).exists()] == []
    settings = set(re.findall(r"\w*VLLM_PLUGINS\w*", readme))
    assert settings == {"VLLM_PLUGINS", "STRICT_VLLM_PLUGINS"}
