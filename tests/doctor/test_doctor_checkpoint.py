"""The doctor finds what is wrong with a checkpoint: its config.json and its files."""

import json
import os
import re

import pytest
from breaking import (
    ARCHITECTURE,
    CONFIG,
    ENGINE,
    HEALTHY_CHECKPOINT,
    MODEL_TYPE,
    NAME,
    append,
    assert_finds,
    edit,
    note,
)
from shared.rendering import run

pytestmark = pytest.mark.xdist_group("doctor")


LOOK = f"""
import json, sys
import vllm
from {NAME} import register
from {NAME}._doctor.checkpoint import look_at_checkpoint
register()
print(json.dumps(list(look_at_checkpoint(sys.argv[1]))))
"""


def look_at(built, checkpoint, *path, cwd=None) -> list[list[str]]:
    """Return what the doctor finds wrong with a checkpoint; it starts no further process."""
    settings = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path or (built.site, ENGINE)))}
    result = run(built.python, "-c", LOOK, str(checkpoint), env=settings, cwd=cwd)
    findings = json.loads(result.stdout)
    for level, text, cure in findings:
        note(text, cure)
        # But for the paths, which are as long as they are.
        assert len(re.sub(r"/\S+", "", text)) < 600, text
        assert "\n" not in text
        assert bool(cure) == (level != "ok"), text
    return [finding for finding in findings if finding[0] != "ok"]


def test_a_checkpoint_of_this_model(doctor, built, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "model.safetensors").touch()
    doctor(built.site, ENGINE, arguments=[tmp_path], ok=HEALTHY_CHECKPOINT)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (json.dumps(CONFIG), []),
        (json.dumps(CONFIG | {"architectures": ["Unheard", ARCHITECTURE]}), []),
        (None, [("problem", "config.json does not exist.", "folder")]),
        ("{,}", [("problem", "config.json is not valid JSON: Expecting property name", "JSON")]),
        (b"\xff\xfe{", [("problem", "config.json is not valid JSON: 'utf-16", "JSON")]),
        ("[" * 100_000, [("problem", "config.json is not valid JSON: ", "JSON")]),
        ("[]", [("problem", "config.json is not a JSON object: it holds [].", "JSON object")]),
        (
            json.dumps(CONFIG | {"architectures": ARCHITECTURE}),
            [("problem", f'architectures "{ARCHITECTURE}", not a list of names.', ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"architectures": [ARCHITECTURE, None]}),
            [("problem", "null], not a list of names.", ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"architectures": []}),
            [("problem", "config.json has no architectures.", ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"architectures": ["Unheard"]}),
            [("problem", "has the architectures ['Unheard'], of nobody.", ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"architectures": ["LlamaForCausalLM", ARCHITECTURE]}),
            [("problem", "of vllm.model_executor.models.llama:LlamaForCausalLM.", ARCHITECTURE)],
        ),
        (
            json.dumps({"model_type": MODEL_TYPE}),
            [("problem", "config.json has no architectures.", ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"model_type": "unheard"}),
            [("problem", "unheard, which neither transformers nor a plugin knows.", MODEL_TYPE)],
        ),
        (
            json.dumps({"architectures": [ARCHITECTURE]}),
            [("problem", "config.json has the model_type null.", MODEL_TYPE)],
        ),
        (
            json.dumps(CONFIG | {"model_type": ["llama"]}),
            [("problem", 'config.json has the model_type ["llama"].', MODEL_TYPE)],
        ),
        (
            json.dumps(CONFIG | {"model_type": "llama"}),
            [
                (
                    "warning",
                    "has the model_type llama, of vllm._transformers:LlamaConfig.",
                    MODEL_TYPE,
                )
            ],
        ),
    ],
)
def test_the_config_of_a_checkpoint(built, tmp_path, config, expected):
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "model.safetensors").touch()
    if config is not None:
        text = config if isinstance(config, bytes) else config.encode()
        (checkpoint / "config.json").write_bytes(text)
    assert_finds(look_at(built, checkpoint), *expected)


@pytest.mark.parametrize(
    ("name", "found", "cure"),
    [
        ("nowhere", "There is no folder nowhere.", "name a folder"),
        ("a/b/c", "There is no folder a/b/c.", "name a folder"),
        ("file", "file is a file.", "name the folder"),
        (
            "parrot-lab/parrot-7B",
            "There is no folder parrot-lab/parrot-7B: vLLM would look for it on the Hugging Face",
            "hf download parrot-lab/parrot-7B --local-dir FOLDER",
        ),
    ],
)
def test_a_checkpoint_that_is_not_a_folder(built, tmp_path, name, found, cure):
    (tmp_path / "file").touch()
    assert_finds(look_at(built, name, cwd=tmp_path), ("problem", found, cure))


def test_a_checkpoint_that_cannot_be_read(built, tmp_path):
    (tmp_path / "config.json").mkdir()
    (tmp_path / "model.bin").touch()
    found = "config.json cannot be read: Is a directory."
    assert_finds(look_at(built, tmp_path), ("problem", found, "name a folder"))


READS_PARAMS = (
    "vLLM reads {folder}/params.json and not config.json, and the weights in consolidated"
)
READS_WEIGHTS = "vLLM reads the weights in consolidated*.safetensors and no others, since {folder}/"
BOTH, LOAD = "--config-format hf --load-format hf", "serve it with --load-format hf"


@pytest.mark.parametrize(
    ("files", "found", "cure"),
    [
        (["model.safetensors", "params.json"], "", ""),
        (["model.safetensors", "original/params.json"], "", ""),
        (["model.safetensors", "consolidated.00.pth"], "", ""),
        (["pytorch_model.bin"], "", ""),
        (["model.pt"], "", ""),
        (["consolidated.safetensors", "params.json"], READS_PARAMS, BOTH),
        (["consolidated-1.safetensors", "model.safetensors"], READS_WEIGHTS, LOAD),
        (["consolidated.safetensors"], READS_WEIGHTS, "move {folder}/consolidated.safetensors"),
        (
            ["consolidated.safetensors", "params.json", "model.safetensors.index.json"],
            READS_PARAMS,
            f"serve it with {BOTH}; or move",
        ),
        (["original/consolidated.safetensors", "model.bin"], READS_WEIGHTS, f"{LOAD}; or"),
        (
            ["original/consolidated.safetensors", "model.bin", "params.json"],
            READS_PARAMS,
            f"serve it with {BOTH}; or move",
        ),
        ([], "{folder} holds no weights: no *.safetensors, *.bin or *.pt.", "--load-format dummy"),
        (["tokenizer.json"], "{folder} holds no weights", "copy them there"),
        (["original/model.safetensors"], "{folder} holds no weights", "copy them there"),
    ],
)
def test_the_files_of_a_checkpoint(built, tmp_path, files, found, cure):
    checkpoint = tmp_path / "checkpoint"
    for name in files:
        (checkpoint / name).parent.mkdir(parents=True, exist_ok=True)
        (checkpoint / name).touch()
    checkpoint.mkdir(exist_ok=True)
    (checkpoint / "config.json").write_text(json.dumps(CONFIG))
    found, cure = (text.format(folder=checkpoint) for text in (found, cure))
    assert_finds(look_at(built, checkpoint), *([("problem", found, cure)] if found else []))


def test_a_checkpoint_where_no_part_is_a_model(doctor, site, tmp_path):
    edit(site / NAME / "_doctor" / "parts.py", "PARTS = [\n    models,\n]", "PARTS: list = []")
    wanted = f"This plugin registers no model, so the doctor does not look at {tmp_path}."
    expected = [("warning", wanted, "leave it out")]
    doctor(site, ENGINE, expected=expected, arguments=[tmp_path])


def test_a_checkpoint_whose_config_is_refused(built, site, tmp_path):
    refuse = (
        "\n    def __init__(self, **kwargs):\n        raise ValueError('no such size ' * 999)\n"
    )
    append(site / NAME / "config.py", refuse)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "model.bin").touch()
    wanted = "config:Config, which refuses it: ValueError: no such size"
    found = look_at(built, tmp_path, site, ENGINE)
    assert_finds(found, ("problem", wanted, "correct what it names"))
