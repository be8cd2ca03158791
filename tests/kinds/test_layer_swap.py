"""The kind layer_swap: its own tests catch each break, and its doctor names what fails in silence."""

import json
import os
import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest
from shared.rendering import (
    FIXTURE_ENGINE,
    TEMPLATE,
    TEMPLATES,
    make_environment,
    read_about,
    render_into,
    result_of,
    run,
    run_own_tests,
)

PROOF = TEMPLATES / "kinds" / "layer_swap" / "proof"
MUTATIONS = runpy.run_path(str(PROOF / "mutations.py"))["MUTATIONS"]
FAULTS = runpy.run_path(str(PROOF / "faults.py"))["FAULTS"]
FILES = ["tests/test_layer.py"]
LOOKED_AT = ("layer_interface", "registered_names", "registration")
FILES += [f"tests/_template/test_{name}.py" for name in LOOKED_AT]
SELECTED = "not new_process and not entry_point and not VLLM_PLUGINS and not vllm_plugins"
PACKAGE = "vllm_my_layer_swap"
OWN = f"{PACKAGE}.layer:MyRMSNorm"

# Alone, and in both ways beside a model.
PACKAGES = [
    {"kind": "layer_swap"},
    {"kind": "layer_swap", "also": "decoder"},
    {"kind": "decoder", "also": "layer_swap"},
]
IDS = ["alone", "first", "second"]


@pytest.fixture(params=PACKAGES, ids=IDS)
def package(request, render) -> Path:
    return render(**request.param)


def test_a_package_with_it_is_clean(package):
    run("ruff", "check", ".", cwd=package)
    run("ruff", "format", "--check", ".", cwd=package)
    tests = [*package.glob("tests/*.py"), *package.glob("tests/_template/*.py")]
    settings = os.environ | {"MYPYPATH": f".{os.pathsep}tests"}
    run("mypy", "--explicit-package-bases", package.name, *tests, cwd=package, env=settings)
    for page in [package / "README.md", *package.glob("docs/_template/*.md")]:
        text = page.read_text(encoding="utf-8")
        assert "\n\n\n" not in text, page
        assert not re.search(r"{{|{%|%}|[ \t]$", text, re.MULTILINE), page


def test_about_py_has_a_table_for_each_registry(package):
    about = read_about(package)
    assert about["LAYERS"] == {"RMSNorm": "layer:MyRMSNorm"}
    models = {"MyModelForCausalLM": "model:MyModelForCausalLM"}
    assert about.get("ARCHITECTURES", models) == models


def test_its_own_tests_pass_on_the_fixture_engine(package, tmp_path):
    project = shutil.copytree(package, tmp_path / package.name)
    bin_folder = make_environment(tmp_path / "venv", "griffe", "pytest", "--editable", project)
    outcomes = run_own_tests(bin_folder, project)
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    parts = ["layer", *(["architecture"] if (project / package.name / "model.py").exists() else [])]
    for part in parts:
        assert any(f"names_a_class_of_this_package[{part} " in name for name in passed), passed
    assert any("test_layer::" in name for name in passed)
    # Torch is not there.
    arithmetic = {outcome for name, outcome in outcomes.items() if "test_rms_norm::" in name}
    assert arithmetic == {"skipped"}
    settings = os.environ | {"PYTHONPATH": str(project / FIXTURE_ENGINE)}
    doctor = run(bin_folder / "python", "-m", package.name, cwd=tmp_path, env=settings)
    assert f"ok       The layer RMSNorm belongs to {package.name}.layer:MyRMSNorm." in doctor.stdout


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    return render_into(tmp_path_factory.mktemp("layer_swap"), kind="layer_swap")


def copy_of(rendered: Path, folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the project in which one text of the package stands for another."""
    project = shutil.copytree(rendered, folder / "project")
    path = project / PACKAGE / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return project


def run_tests(project: Path):
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *FILES]
    environment = os.environ | {"PYTHONPATH": str(project)}
    return result_of(*command, "-k", SELECTED, cwd=project, env=environment)


def test_the_tests_pass_without_a_break(rendered):
    result = run_tests(rendered)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_tests_catch_a_break(rendered, tmp_path, name):
    result = run_tests(copy_of(rendered, tmp_path, *MUTATIONS[name]))
    assert result.returncode == 1, result.stdout


def test_a_second_layer_is_one_line_and_its_module(rendered, tmp_path):
    """A typo in that line turns something red."""
    line = '    "RMSNorm": "layer:MyRMSNorm",\n'
    second = '    "Second": "second:Mine",\n'
    project = copy_of(rendered, tmp_path, "about.py", line, line + second)
    # The fixture engine has one layer alone, so that vLLM's module is made here.
    engine = project / FIXTURE_ENGINE / "vllm" / "model_executor" / "layers"
    base = "from vllm.model_executor.custom_op import PluggableLayer\n\n\n"
    (engine / "second.py").write_text(f"{base}class Second(PluggableLayer):\n    pass\n")
    module = project / PACKAGE / "second.py"
    module.write_text(
        "from vllm.model_executor.layers.second import Second\n\n\nclass Mine(Second):\n    pass\n"
    )
    passed = run_tests(project)
    assert passed.returncode == 0, passed.stdout
    module.write_text(module.read_text().replace("class Mine", "class Min"))
    failed = run_tests(project)
    assert failed.returncode == 1, failed.stdout


LOOK = f"""
import json, logging
logging.disable()
from {PACKAGE} import register
register()
from {PACKAGE}._doctor.layers import look_in_new_process
print(json.dumps(list(look_in_new_process())))
"""


def findings(project: Path, **settings: str) -> list[list[str]]:
    """Return what the doctor's part for layers finds on the fixture engine."""
    engine = TEMPLATE / "tests" / "_template" / "fixture_engine"
    path = os.pathsep.join([str(project), str(engine)])
    environment = os.environ | {"PYTHONPATH": path} | settings
    output = run(sys.executable, "-c", LOOK, env=environment).stdout
    return json.loads(output.splitlines()[-1])


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """The folder of vLLM's cache, which is empty."""
    monkeypatch.setenv("VLLM_CACHE_ROOT", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_doctor_finds_no_fault_where_there_is_none(rendered, cache):
    assert findings(rendered) == [["ok", f"vLLM makes {OWN} wherever a model makes RMSNorm.", ""]]


@pytest.mark.parametrize("name", FAULTS)
def test_the_doctor_names_a_fault(rendered, cache, tmp_path, name):
    *change, word = FAULTS[name]
    [(level, text, cure)] = findings(copy_of(rendered, tmp_path, *change))
    assert level == "problem"
    assert word in text
    assert cure


def test_the_doctor_warns_of_the_models_that_take_layers_from_elsewhere(rendered, cache):
    [_, (level, text, _)] = findings(rendered, VLLM_USE_HW_AGNOSTIC="1")
    assert level == "warning"
    assert "VLLM_USE_HW_AGNOSTIC" in text


@pytest.mark.parametrize(
    ("held", "warned"),
    [
        ("vllm.model_executor.layers.layernorm", True),
        (f"vllm.model_executor.layers.layernorm {PACKAGE}.layer", False),
        ("vllm.model_executor.layers.activation", False),
    ],
)
def test_the_doctor_warns_of_a_model_that_was_compiled_before(rendered, cache, held, warned):
    folder = cache / "torch_compile_cache" / "torch_aot_compile" / "abc"
    (folder / "rank_0_0").mkdir(parents=True)
    (folder / "rank_0_0" / "model").write_bytes(b"\x80" + held.encode() + b"\x94")
    _, *warnings = findings(rendered)
    assert [level for level, _, _ in warnings] == ["warning"] * warned
    assert [cure for _, _, cure in warnings] == [f"delete {folder}"] * warned


def test_the_doctor_names_a_plugin_that_was_there_before(package, tmp_path):
    """Another distribution that replaces the same layer, and is found earlier."""
    project = shutil.copytree(package, tmp_path / package.name)
    other = tmp_path / "aaa"
    other.mkdir()
    (other / "aaa_rival.py").write_text(
        "from vllm.model_executor.layers.layernorm import RMSNorm\n\n\n"
        "class Rival(RMSNorm):\n    pass\n\n\n"
        'def register():\n    RMSNorm.register_oot(Rival, name="RMSNorm")\n'
    )
    (other / "aaa_rival-1.dist-info").mkdir()
    (other / "aaa_rival-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: aaa_rival\nVersion: 1\n"
    )
    (other / "aaa_rival-1.dist-info" / "entry_points.txt").write_text(
        "[vllm.general_plugins]\naaa = aaa_rival:register\n"
    )
    bin_folder = make_environment(tmp_path / "venv", "--editable", project)
    path = os.pathsep.join([str(other), str(project / FIXTURE_ENGINE)])
    command = [bin_folder / "python", "-m", package.name, "--json"]
    result = result_of(*command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path})
    assert result.returncode == 1, result.stdout + result.stderr
    [problem] = [each for each in json.loads(result.stdout) if each["level"] == "problem"]
    assert problem["found"] == "The layer RMSNorm belongs to aaa_rival:Rival."
    assert "VLLM_PLUGINS" in problem["cure"]
