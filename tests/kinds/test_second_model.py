"""A second model is one line in about.py and its module: all that looks at the first looks at it."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from shared.rendering import FIXTURE_ENGINE, make_editable, restore, result_of

pytestmark = pytest.mark.xdist_group("second")

NAME, FIRST, SECOND = "vllm_my_model", "MyModelForCausalLM", "OtherForCausalLM"
LINE = f'    "{FIRST}": "model:{FIRST}",\n'


@pytest.fixture(scope="module")
def editable(tmp_path_factory) -> Path:
    return make_editable(tmp_path_factory.mktemp("second"))


@pytest.fixture
def project(editable) -> Iterator[Path]:
    """The project, with a second model in a module of its own, and its name in README."""
    package = editable / NAME
    model = (package / "model.py").read_text()
    (package / "other.py").write_text(model.replace(FIRST, SECOND))
    about = (package / "about.py").read_text()
    assert LINE in about
    line = f'    "{SECOND}": "other:{SECOND}",\n'
    (package / "about.py").write_text(about.replace(LINE, LINE + line))
    with (editable / "README.md").open("a") as readme:
        readme.write(f"\nIt also registers `{SECOND}`.\n")
    yield editable
    restore(editable)


def own_tests(project: Path) -> tuple[list[str], str]:
    """Run the project's own tests; return those that failed, and all that was printed."""
    pytest_here = project.parent / "venv/bin/pytest"
    shown = result_of(pytest_here, "-v", "-p", "no:cacheprovider", cwd=project).stdout
    return re.findall(r"^FAILED \S+::(\S+)", shown, re.MULTILINE), shown


def test_its_tests_follow(project):
    failed, shown = own_tests(project)
    assert failed == [], shown
    lines = [line for line in shown.splitlines() if f"architecture {SECOND}" in line]
    passed = {line.partition("::")[2].partition("[")[0] for line in lines if "PASSED" in line}
    assert passed == {
        "test_about_py_names_a_class_of_this_package",
        "test_register_registers_what_about_py_names",
        "test_every_name_in_about_py_has_an_owner",
    }
    assert f"test_the_model_class_has_vllms_interface[{SECOND}] SKIPPED" in shown


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (f"other:{SECOND}", f"others:{SECOND}", "there is no "),
        (f"other:{SECOND}", "other:OtherForCausalLN", "has only"),
        (f"other:{SECOND}", f"other.{SECOND}", "there is no "),
    ],
)
def test_a_typo_in_its_line_is_red(project, old, new, says):
    about = project / NAME / "about.py"
    about.write_text(about.read_text().replace(old, new))
    failed, shown = own_tests(project)
    assert "test_about_py_names_a_class_of_this_package[architecture" in failed, shown
    assert says in shown


def test_a_class_that_is_gone_is_red(project):
    module = project / NAME / "other.py"
    module.write_text(module.read_text().replace(f"class {SECOND}", "class Another"))
    failed, shown = own_tests(project)
    assert "test_about_py_names_a_class_of_this_package[architecture" in failed, shown


def test_a_readme_without_its_name_is_red(project):
    readme = project / "README.md"
    readme.write_text(readme.read_text().replace(f"`{SECOND}`", "another"))
    failed, shown = own_tests(project)
    assert failed == ["test_the_readme_names_what_about_py_names"], shown
    assert f"README.md does not mention {SECOND}, which about.py states" in shown


def test_the_doctor_follows(project, tmp_path):
    names = {"architectures": [SECOND], "model_type": NAME}
    (tmp_path / "config.json").write_text(json.dumps(names))
    (tmp_path / "model.safetensors").touch()
    settings = os.environ | {"PYTHONPATH": str(project / FIXTURE_ENGINE)}
    command = [project.parent / "venv/bin/python", "-m", NAME, tmp_path, "--json"]
    result = result_of(*command, cwd=tmp_path, env=settings)
    report = json.loads(result.stdout)
    assert {finding["level"] for finding in report} == {"ok"}, result.stdout
    owner = f"{NAME}.other:{SECOND}"
    found = [finding["found"] for finding in report]
    assert f"The architecture {SECOND} belongs to {owner}." in found
    assert found[-2].endswith(f"has the architectures ['{SECOND}'], of {owner}.")


def test_the_audit_follows(project, tmp_path):
    """A model that lacks what vLLM asks of models is found, be it the first or the second."""
    audit = project / "tests" / "_template" / "audit"
    script = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
    script += "from package import Package; from recorded import Recorded, load; import json; "
    script += "reference = load(Path(sys.argv[1]) / 'reference.json'); "
    script += "print(json.dumps(Package(Path(sys.argv[2]), Recorded(reference)).models))"
    result = result_of(sys.executable, "-c", script, audit, project / NAME)
    assert json.loads(result.stdout) == [FIRST, SECOND], result.stderr
