"""The kind layer_swap: what its package holds, and what its doctor names beside faults of the class."""

import json
import os
import shutil
from pathlib import Path

import pytest
from installed_package import Installed, install
from shared.rendering import (
    FIXTURE_ENGINE,
    make_environment,
    read_about,
    result_of,
)

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


def test_about_py_has_a_table_for_each_registry(package):
    about = read_about(package)
    assert about["LAYERS"] == {"RMSNorm": "layer:MyRMSNorm"}
    models = {"MyModelForCausalLM": "model:MyModelForCausalLM"}
    assert about.get("ARCHITECTURES", models) == models


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return install(tmp_path_factory.mktemp("layer_swap"), kind="layer_swap")


def test_a_second_layer_is_one_line_and_its_module(installed, tmp_path):
    """A typo in that line turns something red."""
    line = '    "RMSNorm": "layer:MyRMSNorm",\n'
    second = '    "Second": "second:Mine",\n'
    copy = installed.copied(tmp_path / "copy").changed(tmp_path, "about.py", line, line + second)
    # The fixture engine has one layer alone, so that vLLM's module is made here.
    engine = copy.project / FIXTURE_ENGINE / "vllm" / "model_executor" / "layers"
    base = "from vllm.model_executor.custom_op import PluggableLayer\n\n\n"
    (engine / "second.py").write_text(f"{base}class Second(PluggableLayer):\n    pass\n")
    module = copy.site / PACKAGE / "second.py"
    module.write_text(
        "from vllm.model_executor.layers.second import Second\n\n\nclass Mine(Second):\n    pass\n"
    )
    passed = copy.run_tests_of("layer_swap")
    assert passed.returncode == 0, passed.stdout
    module.write_text(module.read_text().replace("class Mine", "class Min"))
    failed = copy.run_tests_of("layer_swap")
    assert failed.returncode == 1, failed.stdout


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """The folder of vLLM's cache, which is empty."""
    monkeypatch.setenv("VLLM_CACHE_ROOT", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_doctor_says_where_the_layer_is_made(installed, cache):
    said = f"vLLM makes {OWN} wherever a model makes RMSNorm."
    assert installed.findings("layers") == [("ok", said, "")]


def test_the_doctor_warns_of_the_models_that_take_layers_from_elsewhere(installed, cache):
    [_, (level, text, _)] = installed.findings("layers", VLLM_USE_HW_AGNOSTIC="1")
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
def test_the_doctor_warns_of_a_model_that_was_compiled_before(installed, cache, held, warned):
    folder = cache / "torch_compile_cache" / "torch_aot_compile" / "abc"
    (folder / "rank_0_0").mkdir(parents=True)
    (folder / "rank_0_0" / "model").write_bytes(b"\x80" + held.encode() + b"\x94")
    _, *warnings = installed.findings("layers")
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
