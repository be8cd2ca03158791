"""What the template writes: which files, in which form, with each fact in one place."""

import ast
import json
import re
from pathlib import Path

import pytest
import record_taken_names
from shared.rendering import (
    FIXTURE_ENGINE,
    KINDS,
    MODELS,
    PARTS,
    ROOT,
    RULES,
    SUPPORTED_VLLM,
    TEMPLATES,
    differences_of_room,
    documents_of,
    proof_of,
    read_about,
    render_into,
    run,
)

LICENSES = ["Apache-2.0", "MIT", "BSD-3-Clause", "Proprietary"]
# No answer is its default, none is part of another, and the texts hold what needs quoting.
ANSWERS = {
    "package_name": "acme_parrot",
    "plugin_name": "acme.parrot-plugin",
    "class_name": "ParrotForCausalLM",
    "registered_name": "norwegian_blue",
    "description": """It's "quoted", 100 % <b>bold</b> & `code`, a \\ and *stars*""",
    "author_name": 'Zoë "Q" O\'Neil \\',
    "author_email": "zoe@acme.example",
    "repository_url": "https://git.acme.example/parrot?a=1&b=2",
}


def files_in(project: Path) -> set[str]:
    return {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}


@pytest.fixture(params=KINDS)
def project(request, render) -> Path:
    return render(kind=request.param, **ANSWERS)


@pytest.fixture(params=MODELS)
def model(request, render) -> Path:
    return render(kind=request.param, **ANSWERS)


def test_every_kind_on_offer_is_tested():
    questions = json.loads((ROOT / "cookiecutter.json").read_text())
    assert questions["kind"] == KINDS
    assert questions["license"] == LICENSES


def test_every_kind_is_one_room_with_the_same_files():
    assert {path.name for path in (TEMPLATES / "kinds").iterdir()} == set(KINDS)
    for kind in KINDS:
        lacking, surplus = differences_of_room(TEMPLATES / "kinds" / kind)
        assert lacking == set(), kind
        # A part that is not a model has files that no other has; a kind may have its own reference.
        assert kind not in MODELS or surplus <= {"tests/reference.py"}, kind


# Model types that transformers has in every supported vLLM, or vLLM itself, and one that the
# newest of them is the first to have.
KNOWN = ["bart", "llama", "chatglm", "gte"]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("model_type", KNOWN)
def test_a_model_type_that_is_known_needs_no_config(render, kind, model_type):
    project, usual = (
        render(kind=kind, **ANSWERS | {"registered_name": name})
        for name in (model_type, ANSWERS["registered_name"])
    )
    assert files_in(usual) - files_in(project) == {"acme_parrot/config.py"}
    assert files_in(project) <= files_in(usual)
    about, readme = read_about(project), documents_of(project)
    assert about["MODEL_TYPES"] == {model_type: None}
    assert f"has one for the model type `{model_type}`" in readme
    assert "acme_parrot/model.py` | the model |" in readme
    assert "This package has no `config.py`" in readme
    assert f"The model_type {model_type} belongs to …; this plugin registers none." in readme
    run("ruff", "check", ".", cwd=project)
    run("ruff", "format", "--check", ".", cwd=project)
    for name in files_in(project) - {"acme_parrot/py.typed"}:
        text = (project / name).read_text(encoding="utf-8")
        assert re.fullmatch(r"\S(.*\S)?\n", text.lstrip(" "), re.DOTALL), name
        assert "\n\n\n" not in text or name.endswith(".py"), name


def test_a_model_type_of_the_plugins_own_brings_its_config(model):
    about, readme = read_about(model), documents_of(model)
    assert about["MODEL_TYPES"] == {ANSWERS["registered_name"]: "config:Config"}
    assert f"the HF config class for the model type `{ANSWERS['registered_name']}`" in readme
    assert "acme_parrot/model.py`, `config.py` | the model, and its HF config class |" in readme
    assert "has no `config.py`" not in readme


def test_a_plugin_supports_no_vllm_that_does_not_know_its_model_type(render):
    first = {name: read_about(render(registered_name=name))["OLDEST_VLLM"] for name in KNOWN}
    assert first == {"bart": "0.27.1", "llama": "0.27.1", "chatglm": "0.27.1", "gte": "0.32.0"}
    # Of two reasons to start late, the later one counts.
    both = {"kind": "multimodal", "registered_name": "arlo"}
    assert read_about(render(**both))["OLDEST_VLLM"] == "0.31.0"
    both["registered_name"] = "gte"
    assert read_about(render(**both))["OLDEST_VLLM"] == "0.32.0"


def test_every_known_model_type_is_of_a_supported_vllm():
    lines = (ROOT / "taken_names" / "model_types.txt").read_text().splitlines()
    known = dict(line.split(" ") for line in lines)
    assert len(known) == len(lines) > 500
    assert set(known.values()) <= {*SUPPORTED_VLLM, "-"}
    assert {known[name] for name in ("bart", "bert", "llama", "qwen3")} == {SUPPORTED_VLLM[0]}


def test_a_model_type_is_known_from_the_release_on_from_which_each_knows_it():
    known = {"1": {"a", "b", "d"}, "2": {"a", "c"}, "3": {"a", "c", "d"}}
    first = [record_taken_names.first_of_all_that_know(name, known) for name in "abcd"]
    assert first == ["1", "-", "2", "3"]


def test_the_modules_of_every_supported_python_are_taken():
    names = set((ROOT / "taken_names" / "python.txt").read_text().split())
    assert names == record_taken_names.python_modules()
    # Of the oldest only, of the newest only, and of all.
    assert {"asynchat", "distutils", "annotationlib", "json", "test"} <= names


def test_the_files_are_exactly_these(model):
    left_out = (FIXTURE_ENGINE, Path("tests/_template/audit"))
    inside = {
        (folder / name).as_posix() for folder in left_out for name in files_in(model / folder)
    }
    assert files_in(model) - inside == {
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
        "acme_parrot/_doctor/__init__.py",
        "acme_parrot/_doctor/checkpoint.py",
        "acme_parrot/_doctor/current_folder.py",
        "acme_parrot/_doctor/distributions.py",
        "acme_parrot/_doctor/environment.py",
        "acme_parrot/_doctor/findings.py",
        "acme_parrot/_doctor/imports.py",
        "acme_parrot/_doctor/installation.py",
        "acme_parrot/_doctor/installers.py",
        "acme_parrot/_doctor/models.py",
        "acme_parrot/_doctor/new_processes.py",
        "acme_parrot/_doctor/parts.py",
        "acme_parrot/_doctor/processes.py",
        "acme_parrot/_doctor/registration.py",
        "acme_parrot/_models.py",
        "acme_parrot/_safety.py",
        "acme_parrot/_settings.py",
        "acme_parrot/_vllm.py",
        "acme_parrot/_weights.py",
        "acme_parrot/about.py",
        "acme_parrot/config.py",
        "acme_parrot/model.py",
        "acme_parrot/py.typed",
        "docs/_template/changing.md",
        "docs/_template/deploying.md",
        "docs/_template/loading.md",
        "docs/_template/new_vllm.md",
        "docs/_template/using.md",
        "pyproject.toml",
        "setup.py",
        "tests/_template/conftest.py",
        "tests/_template/doctor.py",
        "tests/_template/engine.py",
        "tests/_template/fixture_skips.py",
        "tests/_template/registries.py",
        "tests/_template/registries_of_models.py",
        "tests/_template/test_audit.py",
        "tests/_template/test_compatibility.py",
        "tests/_template/test_doctor.py",
        "tests/_template/test_doctor_at_checkpoints.py",
        "tests/_template/test_model_interface.py",
        "tests/_template/test_registered_names.py",
        "tests/_template/test_registration.py",
        "tests/_template/test_safety.py",
        "tests/_template/tiny_checkpoint.py",
        "tests/conftest.py",
        "tests/reference.py",
        "tests/test_model.py",
    }


def packages() -> list[dict[str, str]]:
    """Return the answers for every package with one kind or two that may stand together.

    And for those that have a model and everything that is not one.
    """
    both = [{"kind": kind, "also": other} for kind in KINDS for other in ["-", *KINDS]]
    others = ",".join(PARTS)
    whole = [{"kind": kind, "also": others} for kind in MODELS]
    return [
        answers
        for answers in [*both, *whole]
        if not RULES["reason_against_also"](answers["also"], answers)
    ]


@pytest.mark.parametrize("answers", packages(), ids=lambda answers: " ".join(answers.values()))
def test_every_file_of_every_room_is_rendered(render, answers):
    """One for which there is no place left would be missing without a word."""
    project = render(**answers)
    about = {"registered_name": project.name} | answers
    for folder, place in RULES["FOLDERS"].items():
        target = project / place.replace("{{cookiecutter.package_name}}", project.name)
        brought = RULES["files"](about, folder)
        assert brought, folder
        assert set(brought) <= {path.name for path in target.glob("*.py")}, folder
        for name, template in brought.items():
            first = (TEMPLATES / template).read_text(encoding="utf-8").split("\n")[0]
            assert (target / name).read_text(encoding="utf-8").split("\n")[0] == first, template


def test_the_authors_share_of_a_decoder_is_in_plain_sight_and_short(render):
    """Without what the template keeps under an underscore, hidden files, and the license."""
    project = render(**ANSWERS)
    own = [
        name
        for name in files_in(project) - {"LICENSE"}
        if not any(part.startswith((".", "_")) for part in name.replace("__", "").split("/"))
    ]
    lines = sum(len((project / name).read_text("utf-8").splitlines()) for name in own)
    assert len([name for name in own if not name.endswith("py.typed")]) <= 14, own
    assert lines <= 1100


def test_what_the_template_keeps_says_so(project):
    """Each file below an underscore in the package, so that nobody has to read it to find out."""
    for path in project.glob("*/_*.py"):
        if not path.name.startswith("__"):
            documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
            assert re.search(r"[Nn]o need to edit", documentation), path.name


def test_no_function_is_complex_and_no_file_of_the_doctor_is_long(project):
    limit = ["--isolated", "--select", "C901", "--config", "lint.mccabe.max-complexity=10"]
    run("ruff", "check", *limit, project)
    lengths = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (project / "acme_parrot" / "_doctor").glob("*.py")
    }
    assert max(lengths.values()) <= 120, lengths


def test_the_readme_of_a_package_is_short(project):
    assert len((project / "README.md").read_text(encoding="utf-8").splitlines()) <= 100


def test_the_same_answers_give_the_same_bytes(project, request, tmp_path):
    kind = request.node.callspec.params["project"]
    again = render_into(tmp_path, kind=kind, **ANSWERS)
    for name in files_in(project):
        assert (again / name).read_bytes() == (project / name).read_bytes(), name


def test_every_text_ends_in_one_newline_and_holds_no_template_code(project):
    for name in sorted(files_in(project) - {"acme_parrot/py.typed"}):
        text = (project / name).read_text(encoding="utf-8")
        assert re.fullmatch(r"\S(.*\S)?\n", text.lstrip(" "), re.DOTALL), name
        assert not re.search(r"[ \t]$", text, re.MULTILINE), name
        assert "cookiecutter." not in text, name
        if not name.startswith(".github/"):
            # Two braces also begin and end an object in a format string or in JSON.
            assert not re.search(r"{{[ \w(-]|{%|%}|{#", text), name


def test_ruff_finds_nothing_to_say(project):
    run("ruff", "check", ".", cwd=project)
    run("ruff", "format", "--check", ".", cwd=project)


@pytest.mark.parametrize("length", [2, 64], ids=["shortest", "longest"])
@pytest.mark.parametrize("kind", KINDS)
def test_ruff_finds_nothing_to_say_with_the_shortest_and_the_longest_names(render, kind, length):
    names = {"package_name": "p", "class_name": "A", "plugin_name": "n", "registered_name": "r"}
    project = render(kind=kind, **{field: letter * length for field, letter in names.items()})
    run("ruff", "check", ".", cwd=project)
    run("ruff", "format", "--check", ".", cwd=project)


def other_places_of(fact: str, project: Path) -> set[str]:
    """Return where else a fact stands: a class has a name, and a test holds it against about.py."""
    tables = [read_about(project).get(name, {}) for name in RULES["tables_of"](KINDS)]
    references = [value for table in tables for value in table.values() if value]
    modules = {value.split(":")[0] for value in references}
    config = {"acme_parrot/config.py"} if "config" in modules else set()
    return {
        "plugin_name": set(),
        "class_name": {
            file
            for module in modules - {"config"}
            for file in (f"acme_parrot/{module}.py", f"tests/test_{module}.py")
        },
        "registered_name": config,
    }[fact]


@pytest.mark.parametrize("fact", ["plugin_name", "class_name", "registered_name"])
def test_each_fact_stands_once(project, request, fact):
    places = {
        path.relative_to(project).as_posix()
        for path in project.rglob("*.py")
        if ANSWERS[fact] in path.read_text(encoding="utf-8")
    }
    kind = request.node.callspec.params["project"]
    proof = json.loads((TEMPLATES / "kinds" / kind / "proof" / "own_tests.json").read_text("utf-8"))
    usual = {"acme_parrot/about.py", *other_places_of(fact, project)}
    stated = proof.get("stated_in", {}).get(fact)
    assert places == (usual if stated is None else {f"acme_parrot/{file}" for file in stated})
    about = (project / "acme_parrot" / "about.py").read_text(encoding="utf-8")
    # The name of an architecture is also the name of its class.
    twice = fact == "class_name" and "ARCHITECTURES" in read_about(project)
    times = 2 if twice else "acme_parrot/about.py" in places
    assert about.count(ANSWERS[fact]) == times


def test_the_vllm_range_stands_once_and_is_the_templates(project, request):
    about = read_about(project)
    kind = request.node.callspec.params["project"]
    assert about["OLDEST_VLLM"] == ("0.31.0" if kind == "multimodal" else SUPPORTED_VLLM[0])
    assert about["NEWEST_VLLM"] == SUPPORTED_VLLM[-1]
    for name in files_in(project):
        # The audit's reference says on which version it was recorded.
        others = ("acme_parrot/about.py", "tests/_template/audit/reference.json")
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
        ("R&D, &copy; &#65;", "R\\&D, \\&copy; \\&#65;"),
        ("a|b ~c~ ~~d~~", "a\\|b \\~c\\~ \\~\\~d\\~\\~"),
        ("![a](b) \\\\", "!\\[a\\](b) \\\\\\\\"),
        ("+ no list", "\\+ no list"),
        ("= no heading", "\\= no heading"),
        ("1) of all", "1\\) of all"),
        ("a *b* <c> `d` [e](f) g_h", "a \\*b\\* \\<c\\> \\`d\\` \\[e\\](f) g\\_h"),
    ],
)
def test_the_readme_shows_the_description_as_it_was_given(render, description, markdown):
    readme = (render(description=description) / "README.md").read_text()
    assert readme.splitlines()[2] == markdown


def test_pyproject_holds_no_metadata_but_the_name(project):
    text = (project / "pyproject.toml").read_text()
    tables = ["project", "dependency-groups", "build-system"] + ["tool"] * 5
    assert re.findall(r"^\[(\w+[-\w]*)", text, re.MULTILINE) == tables
    table = text.split("[project]\n")[1].split("\n\n")[0]
    assert re.findall(r"^[\w-]+", table, re.MULTILINE) == ["name", "dynamic"]
    assert table.startswith('name = "acme_parrot"\n')
    setup = (project / "setup.py").read_text()
    assert " name=" not in setup


def test_the_readme_asks_the_server_in_the_way_of_its_kind(model, request):
    readme = (model / "README.md").read_text(encoding="utf-8")
    [(path, body)] = re.findall(r"^curl localhost:8000(\S+) .*?-d '(.+?)'$", readme, re.M | re.S)
    kind = request.node.callspec.params["model"]
    field = {"/v1/completions": "prompt", "/v1/embeddings": "input"}.get(path, "messages")
    assert field in json.loads(body)
    assert path == proof_of(kind)["asked_at"]
    assert "-H 'Content-Type: application/json'" in readme


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
    assert (ROOT / "templates/shared/licenses/Apache-2.0.txt").read_text() == (
        ROOT / "LICENSE"
    ).read_text()


@pytest.mark.parametrize("kind", MODELS)
def test_the_model_has_the_class_that_is_registered(render, kind):
    tree = ast.parse((render(kind=kind, **ANSWERS) / "acme_parrot" / "model.py").read_text())
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes[-1] == ANSWERS["class_name"]


def test_the_pages_name_files_and_settings_that_are_there(project):
    readme, pages = (project / "README.md").read_text(encoding="utf-8"), documents_of(project)
    assert f"*plugin names*. This plugin's is `{ANSWERS['plugin_name']}`." in pages
    assert f"`{ANSWERS['plugin_name']}`, without spaces" in readme
    names = re.findall(r"^\| `([^`]+)`", readme.split("| file |")[1].split("\n\n")[0], re.MULTILINE)
    names += re.findall(r"^\| `([^`]+)`", pages.split("| file |")[2].split("\n\n")[0], re.MULTILINE)
    assert len(names) >= 15
    assert [name for name in names if not (project / name).exists()] == []
    settings = set(re.findall(r"\w*VLLM_PLUGINS\w*", pages))
    assert settings == {"VLLM_PLUGINS", "STRICT_VLLM_PLUGINS"}
