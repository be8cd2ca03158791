"""The doctor in real vLLM: all is well; and a capability cache that is out of date is named."""

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from lane import CHECKPOINT_NAMES, KINDS, NAMES, RUNNING, wheel_of
from shared.rendering import MODELS, documents_of, result_of

pytestmark = pytest.mark.real
KIND = KINDS[0]
PACKAGE, ARCHITECTURE = NAMES[KIND]["package_name"], NAMES[KIND]["class_name"]
INSPECT = f"""
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins
load_general_plugins()
print("answer:", ModelRegistry.models[{ARCHITECTURE!r}].inspect_model_cls().has_inner_state)
"""


@pytest.fixture
def python(plugins, settings, tmp_path):
    """A function that runs Python in the environment with vLLM and the plugins, in a folder."""

    def python(*arguments: str, **more: str) -> subprocess.CompletedProcess:
        environment = os.environ | settings | more
        return result_of(plugins[0] / "python", *arguments, env=environment, cwd=tmp_path)

    return python


# A package with every part asks the doctor in its own tests.
@pytest.mark.parametrize("kind", [kind for kind in MODELS if kind in RUNNING])
def test_all_is_well(python, tmp_path, kind):
    (tmp_path / "config.json").write_text(json.dumps(CHECKPOINT_NAMES[kind]))
    (tmp_path / "model.safetensors").touch()
    result = python("-m", NAMES[kind]["package_name"], str(tmp_path), "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    levels = [finding["level"] for finding in json.loads(result.stdout)]
    assert levels == ["ok"] * 11


def test_the_readme_shows_what_is_printed(python, plugins, tmp_path):
    folder = tmp_path / "llama"
    folder.mkdir()
    names = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    (folder / "config.json").write_text(json.dumps(names))
    (folder / "model.safetensors").touch()
    printed = python("-m", PACKAGE, str(folder)).stdout
    printed = re.sub(r"\S+(/site-packages/|/llama/config)", r"/path/to\1", printed)
    printed = re.sub(r"(vLLM |tested: |to )\d+\.\d+\.\d+", r"\1…", printed)
    readme = documents_of(plugins[1][KIND])
    [shown] = re.findall(r"^\$ python -m \w+ /path/to/llama\n(.+?)^```", readme, re.M | re.S)
    assert printed == shown


def checkpoint(folder: Path, *files: str) -> str:
    """Write a config.json of our model, and empty files beside it; return the folder."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CHECKPOINT_NAMES[KIND]))
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}" if name.endswith(".json") else "")
    return str(folder)


def test_the_readme_gives_what_vllm_says_when_the_plugin_did_not_load(python, plugins, tmp_path):
    code = "import sys; from vllm.config import ModelConfig; ModelConfig(sys.argv[1])"
    folder = checkpoint(tmp_path / "checkpoint")
    said = python("-c", code, folder, VLLM_PLUGINS="another").stderr
    readme = documents_of(plugins[1][KIND])
    [shown] = re.findall(r"The first thing that vLLM says is\n\n```text\n(.+)\n```", readme)
    assert shown in said


# What vLLM reads of checkpoints, whose config and which weights; and what the doctor says of each.
READ = f"""
import json, os, sys
from vllm.config import LoadConfig
from vllm.model_executor.model_loader.default_loader import DefaultModelLoader
from vllm.plugins import load_general_plugins
from vllm.transformers_utils import config
load_general_plugins()
from {PACKAGE}._doctor.processes import look_at_checkpoint
parsers = config._CONFIG_FORMAT_TO_CONFIG_PARSER
mistral = lambda: type("Parser", (), {{"parse": lambda *args, **kwargs: 1 / 0}})()
def read(folder, config_format, load_format):
    try:
        config.get_config(folder, False, config_format=config_format)
        whose = "config.json"
    except ZeroDivisionError:
        whose = "params.json"
    loader = DefaultModelLoader(LoadConfig(load_format=load_format))
    try:
        files = loader._prepare_weights(folder, None, None, True, None)[1]
    except RuntimeError:
        files = []
    return whose, sorted(os.path.basename(file) for file in files)
said = [list(look_at_checkpoint(folder)) for folder in sys.argv[1:]]
parsers["mistral"] = mistral
asked = [(read(folder, "auto", "auto"), read(folder, "hf", "hf")) for folder in sys.argv[1:]]
print("answer:", json.dumps([asked, said]))
"""
INDEX, MODEL, ONE = "model.safetensors.index.json", "model.safetensors", "consolidated.safetensors"
# Each is (the files, what vLLM reads by itself, what the doctor says).
HOLDS: list[tuple[list[str], list, str]] = [
    ([MODEL], ["config.json", [MODEL]], ""),
    ([MODEL, "params.json"], ["config.json", [MODEL]], ""),
    ([MODEL, ONE], ["config.json", [ONE]], "vLLM reads the weights in consolidated"),
    (
        [MODEL, ONE, "params.json"],
        ["params.json", [ONE]],
        "/params.json and not config.json, and the weights in consolidated",
    ),
    (
        [MODEL, f"original/{ONE}", "params.json"],
        ["params.json", []],
        "/params.json and not config.json, and the weights in consolidated",
    ),
]


def test_the_files_that_vllm_reads(python, tmp_path):
    folders = [
        checkpoint(tmp_path / str(number), *files) for number, (files, _, _) in enumerate(HOLDS)
    ]
    answer = python("-c", READ, *folders)
    [line] = re.findall(r"^answer: (.+)", answer.stdout, re.MULTILINE) or [answer.stderr]
    for (files, by_itself, told), (found, cured), report in zip(
        HOLDS, *json.loads(line), strict=True
    ):
        assert found == by_itself
        wrong = [(text, cure) for level, text, cure in report if level != "ok"]
        assert [told in text for text, _ in wrong] == [True] * bool(told), wrong
        # With the cure, it reads config.json; and both weights, unless one is moved away.
        assert cured[0] == "config.json"
        both = ONE in files
        assert cured[1] == ([ONE, MODEL] if both else [MODEL])
        assert any(cure.startswith("move ") for _, cure in wrong) == both


RUST = f"""
import json, os
import vllm.envs
from {PACKAGE}._doctor.environment import look_at_rust_front_end
def taken():
    try:
        return str(vllm.envs.VLLM_USE_RUST_FRONTEND)
    except ValueError:
        return "stops"
answers = {{}}
for value in ["0", "00", "1", " 2", "true", ""]:
    os.environ["VLLM_USE_RUST_FRONTEND"] = value
    answers[value] = taken(), [level for level, _, _ in look_at_rust_front_end()]
print("answer:", json.dumps(answers))
"""


def test_what_vllm_takes_for_the_front_end_in_rust(python):
    answer = python("-c", RUST)
    [line] = re.findall(r"^answer: (.+)", answer.stdout, re.MULTILINE) or [answer.stderr]
    answers = json.loads(line)
    assert {taken for taken, _ in answers.values()} == {"False", "True", "stops"}
    expected = {"False": [], "True": ["warning"], "stops": ["problem"]}
    assert {value: levels for value, (_, levels) in answers.items()} == {
        value: expected[taken] for value, (taken, _) in answers.items()
    }


def test_a_model_type_that_nobody_knows(python, tmp_path):
    folder = tmp_path / "checkpoint"
    checkpoint(folder, "model.safetensors")
    names = CHECKPOINT_NAMES[KIND] | {"model_type": "unheard"}
    (folder / "config.json").write_text(json.dumps(names))
    report = json.loads(python("-m", PACKAGE, str(folder), "--json").stdout)
    assert report[-1]["found"].endswith("unheard, which neither transformers nor a plugin knows.")
    assert max(len(finding["found"]) for finding in report) < 500


def test_a_capability_cache_that_is_out_of_date(python, plugins, tmp_path):
    site, cache = tmp_path / "site", tmp_path / "cache"
    wheel = wheel_of(plugins[1][KIND])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    base = site / PACKAGE / "base.py"
    base.write_text("class Base:\n    has_inner_state = False\n")
    model = (
        f"\nfrom .base import Base  # noqa\nOwn = {ARCHITECTURE}\n"
        f"class {ARCHITECTURE}(Base, Own): pass\n"
    )
    file = site / PACKAGE / "model.py"
    file.write_text(file.read_text() + model)
    settings = {"PYTHONPATH": str(site), "VLLM_CACHE_ROOT": str(cache)}
    assert "answer: False" in python("-c", INSPECT, **settings).stdout
    base.write_text("class Base:\n    has_inner_state = True\n")
    assert "answer: False" in python("-c", INSPECT, **settings).stdout

    result = python("-m", PACKAGE, "--json", **settings)
    found = json.loads(result.stdout)
    problems = [finding["found"] for finding in found if finding["level"] == "problem"]
    [note] = Path(cache, "modelinfos").glob("*.json")
    wanted = f"{note} is out of date, in has_inner_state, and vLLM relies on it."
    assert problems == [wanted], result.stdout
    assert result.returncode == 1
