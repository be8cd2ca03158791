"""A plugin for a model type that transformers or vLLM knows: its own tests, the doctor, vLLM."""

import json
import os

import pytest
from lane import VERSION, build
from shared import environments
from shared.rendering import KINDS, render_into, result_of, run_own_tests

pytestmark = pytest.mark.real
# Of transformers, and of vLLM alone; each with the class that vLLM gives to a checkpoint.
KNOWN = {"bart": "BartConfig", "chatglm": "ChatGLMConfig"}
# What vLLM makes of a checkpoint's config.json with the plugin loaded.
ASK = """
import sys
from vllm.plugins import load_general_plugins
from vllm.transformers_utils.config import get_config

load_general_plugins()
print("answer:", type(get_config(sys.argv[1], trust_remote_code=False)).__name__)
"""


@pytest.mark.parametrize("model_type", KNOWN)
def test_a_known_model_type_stays_its_owners_and_all_is_well(settings, tmp_path, model_type):
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    project = render_into(tmp_path, kind=KINDS[0], registered_name=model_type)
    environments.install(bin_folder, build(project))
    outcomes = run_own_tests(bin_folder, project, "tests/_template/test_registration.py")
    skipped = [name for name, outcome in outcomes.items() if outcome == "skipped"]
    assert skipped == [], skipped

    names = {"architectures": ["MyModelForCausalLM"], "model_type": model_type}
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "config.json").write_text(json.dumps(names))
    (checkpoint / "model.safetensors").touch()
    options: dict = {"cwd": tmp_path, "env": os.environ | settings}
    command = [bin_folder / "python", "-m", "vllm_my_model", checkpoint, "--json"]
    doctor = result_of(*command, **options)
    assert [finding["level"] for finding in json.loads(doctor.stdout)] == ["ok"] * 11, doctor.stdout
    assert f"{KNOWN[model_type]}; this plugin registers none." in doctor.stdout
    answer = result_of(bin_folder / "python", "-c", ASK, checkpoint, **options)
    assert f"answer: {KNOWN[model_type]}\n" in answer.stdout, answer.stdout + answer.stderr
