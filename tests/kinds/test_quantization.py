"""The kind quantization: what its package holds, what its doctor says of checkpoints, and its names."""

import json
import struct
import sys
from pathlib import Path

import pytest
from installed_package import Finding, Installed, install
from shared.rendering import ROOT, read_about, result_of

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


def test_about_py_has_a_table_for_each_registry(package):
    about = read_about(package)
    name = package.name
    assert about["QUANTIZATION_METHODS"] == {name: "quantization:MyQuantizationConfig"}
    models = {"MyModelForCausalLM": "model:MyModelForCausalLM"}
    assert about.get("ARCHITECTURES", models) == models
    assert set(about.get("MODEL_TYPES", {name})) == {name}


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


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return install(tmp_path_factory.mktemp("quantization"), kind="quantization")


def said_of(installed: Installed, checkpoint: Path) -> list[Finding]:
    return installed.findings("quantizations", str(checkpoint), look="look_at_checkpoint")


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_the_doctor_compares_config_json_with_the_weights(installed, tmp_path, name):
    stated, dtypes, expected, word = CHECKPOINTS[name]
    write_checkpoint(tmp_path, stated, dtypes)
    [(level, text, cure)] = said_of(installed, tmp_path)
    assert (level, bool(cure)) == (expected, expected != "ok")
    assert word in text


def test_the_doctor_says_what_is_no_checkpoint(installed, tmp_path):
    [(level, text, _)] = said_of(installed, tmp_path / "nowhere")
    assert (level, "FileNotFoundError" in text) == ("problem", True)
    write_checkpoint(tmp_path, OURS, INT8)
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:40])
    [(level, text, _)] = said_of(installed, tmp_path)
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
