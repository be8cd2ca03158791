"""The kind quantization: its own tests catch each break, and its doctor names each fault."""

import json
import os
import re
import runpy
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from shared.rendering import (
    FIXTURE_ENGINE,
    ROOT,
    TEMPLATE,
    make_environment,
    read_about,
    render_into,
    result_of,
    run,
    run_own_tests,
)

PROOF = ROOT / "templates" / "kinds" / "quantization" / "proof"
MUTATIONS = runpy.run_path(str(PROOF / "mutations.py"))["MUTATIONS"]
FAULTS = runpy.run_path(str(PROOF / "faults.py"))["FAULTS"]
# Those that look at the quantization and its registration.
FILES = ["tests/test_quantized_layers.py", "tests/test_quantization.py"]
LOOKED_AT = ("quantization_interface", "registered_names", "registration")
FILES += [f"tests/_template/test_{name}.py" for name in LOOKED_AT]
SELECTED = "not new_process and not entry_point and not VLLM_PLUGINS and not vllm_plugins"
PACKAGE = "vllm_my_quantization"


# Alone, and in both ways beside a model.
PACKAGES = [
    {"kind": "quantization"},
    {"kind": "quantization", "also": "decoder"},
    {"kind": "decoder", "also": "quantization"},
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
    name = package.name
    assert about["QUANTIZATION_METHODS"] == {name: "quantization:MyQuantizationConfig"}
    models = {"MyModelForCausalLM": "model:MyModelForCausalLM"}
    assert about.get("ARCHITECTURES", models) == models
    assert set(about.get("MODEL_TYPES", {name})) == {name}


def test_its_own_tests_pass_on_the_fixture_engine(package, tmp_path):
    project = shutil.copytree(package, tmp_path / package.name)
    bin_folder = make_environment(tmp_path / "venv", "griffe", "pytest", "--editable", project)
    outcomes = run_own_tests(bin_folder, project)
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    parts = ["quantization"]
    parts += ["architecture"] if (project / package.name / "model.py").exists() else []
    for part in parts:
        assert any(f"names_a_class_of_this_package[{part} " in name for name in passed), passed
    for file in ("test_quantized_layers", "test_quantization"):
        assert any(f"{file}::" in name for name in passed), file
    settings = os.environ | {"PYTHONPATH": str(project / FIXTURE_ENGINE)}
    doctor = run(bin_folder / "python", "-m", package.name, cwd=tmp_path, env=settings)
    assert f"ok       The quantization {package.name} belongs to " in doctor.stdout


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    return render_into(tmp_path_factory.mktemp("quantization"), kind="quantization")


def copy_of(rendered: Path, folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the project in which one text of the package stands for another."""
    project = shutil.copytree(rendered, folder / "project")
    path = project / PACKAGE / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return project


def run_tests(project: Path) -> subprocess.CompletedProcess:
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


LOOK = f"""
import json, logging, sys
logging.disable()
from {PACKAGE} import register
register()
from {PACKAGE}._doctor import quantizations
looked = sys.argv[1:] and quantizations.look_at_checkpoint(sys.argv[1])
print(json.dumps(list(looked or quantizations.look_in_new_process())))
"""


def findings(project: Path, *checkpoint: Path) -> list[list[str]]:
    """Return what the doctor finds on the fixture engine, at a checkpoint if there is one."""
    engine = TEMPLATE / "tests" / "_template" / "fixture_engine"
    path = os.pathsep.join([str(project), str(engine)])
    environment = os.environ | {"PYTHONPATH": path}
    output = run(sys.executable, "-c", LOOK, *map(str, checkpoint), env=environment).stdout
    return json.loads(output.splitlines()[-1])


def test_the_doctor_finds_no_fault_where_there_is_none(rendered):
    assert [level for level, _, _ in findings(rendered)] == ["ok"]


@pytest.mark.parametrize("name", FAULTS)
def test_the_doctor_names_a_fault(rendered, tmp_path, name):
    *change, word = FAULTS[name]
    (level, text, cure) = findings(copy_of(rendered, tmp_path, *change))[-1]
    assert level == "problem"
    assert word in text
    assert cure


DOWN = "model.layers.0.mlp.down_proj"
FLOAT, INT8 = {f"{DOWN}.weight": "F32"}, {f"{DOWN}.weight": "I8", f"{DOWN}.weight_scale": "F32"}
OURS = {"quant_method": PACKAGE, "modules_to_not_convert": ["lm_head"]}
# Each is (quantization_config, the tensors' types, the level, a word of what is said).
CHECKPOINTS = {
    "quantized": (OURS, INT8, "ok", f"names the quantization {PACKAGE}, and"),
    "in other capitals": (OURS | {"quant_method": PACKAGE.upper()}, INT8, "ok", "weights beside"),
    "floating point": (None, FLOAT, "ok", "names no quantization, and"),
    "no scales": (OURS, FLOAT, "problem", f"does not hold {DOWN} in int8"),
    "int8 that nobody names": (None, INT8, "problem", "config.json does not say so"),
    "int8 that is left out": (
        OURS | {"modules_to_not_convert": ["mlp"]},
        INT8,
        "problem",
        "modules_to_not_convert in config.json names it",
    ),
    "another's": ({"quant_method": "awq"}, INT8, "warning", "layers.quantization:awq"),
    "nobody's": ({"quant_method": "no"}, INT8, "warning", "'no', of nobody"),
    "a setting that is not implemented": (OURS | {"bits": 4}, INT8, "problem", "has bits, and"),
}


def write_checkpoint(folder: Path, stated: dict | None, dtypes: dict[str, str]) -> None:
    config: dict = {"architectures": ["LlamaForCausalLM"]}
    if stated:
        config["quantization_config"] = stated
    (folder / "config.json").write_text(json.dumps(config))
    places = {"shape": [0], "data_offsets": [0, 0]}
    tensors = {name: {"dtype": dtype} | places for name, dtype in dtypes.items()}
    header = json.dumps({"__metadata__": {"format": "pt"}} | tensors).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_the_doctor_compares_config_json_with_the_weights(rendered, tmp_path, name):
    stated, dtypes, expected, word = CHECKPOINTS[name]
    write_checkpoint(tmp_path, stated, dtypes)
    [(level, text, cure)] = findings(rendered, tmp_path)
    assert (level, bool(cure)) == (expected, expected != "ok")
    assert word in text


def test_the_doctor_says_what_is_no_checkpoint(rendered, tmp_path):
    [(level, text, _)] = findings(rendered, tmp_path / "nowhere")
    assert (level, "FileNotFoundError" in text) == ("problem", True)
    write_checkpoint(tmp_path, OURS, INT8)
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:40])
    [(level, text, _)] = findings(rendered, tmp_path)
    assert (level, "is not a checkpoint with readable weights" in text) == ("problem", True)


@pytest.mark.parametrize(
    ("answer", "problem", "advised"),
    [
        ("awq", "is a quantization of vLLM's own", "my_awq"),
        ("bitsandbytes", "is a quantization of vLLM's own", "my_bitsandbytes"),
        ("Parrot", "lower-case letters", "parrot"),
        ("my_compressed_tensors", 'reads as "compressed-tensors"', PACKAGE),
        ("a/b", "lower-case letters", "a_b"),
    ],
)
def test_a_name_that_vllm_has_or_would_read_as_another_is_refused(
    tmp_path, answer, problem, advised
):
    options = ["--no-input", "--output-dir", tmp_path, "kind=quantization"]
    result = result_of(
        sys.executable, "-m", "cookiecutter", ROOT, *options, f"registered_name={answer}"
    )
    assert result.returncode == 1
    assert problem in result.stderr + result.stdout
    assert result.stderr.rstrip().endswith(f"use {advised}")


def test_every_quantization_of_the_supported_vllms_is_refused():
    names = (ROOT / "taken_names" / "quantizations.txt").read_text().split()
    assert len(set(names)) == len(names) == 31
    assert {"awq", "fp8", "gptq", "compressed-tensors", "bitsandbytes"} <= set(names)
