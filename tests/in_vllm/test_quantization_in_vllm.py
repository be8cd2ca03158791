"""A quantized Llama in real vLLM: the same tokens in every way to run it, and what is refused."""

import json
import os
import runpy
from pathlib import Path

import pytest
from lane import VERSION, build
from shared import environments
from shared.edits import Edit, edited
from shared.rendering import LONG_LIMIT, TEMPLATES, render_into, result_of, run

pytestmark = pytest.mark.real

PROOF = TEMPLATES / "kinds" / "quantization" / "proof"
FAULTS = runpy.run_path(str(PROOF / "faults.py"))["FAULTS_IN_VLLM"]
IN_PROCESS = [
    "config.json",
    "config.json and --quantization",
    "compiled",
    "--quantization",
]
COUNTED = ["methods: a layer left out", "methods: --quantization"]
REFUSED = {
    "another quantization": ["does not match", "awq"],
    "weights that are not int8": ["has no weight_scale for model.layers.", "Cure:"],
    "a part of what is one": ["names model.layers.0.self_attn.k_proj, and vLLM holds it", "Cure:"],
    # Another plugin's model may drop the scales, and take the rest.
    "int8 that nobody names": ["no module or parameter named", "weight_scale"],
}


@pytest.fixture(scope="module")
def quantization(tmp_path_factory):
    """The bin folder of an environment with vLLM and the plugin, and its project."""
    bin_folder = environments.on_top_of(VERSION, tmp_path_factory.mktemp("quantization") / "venv")
    project = render_into(tmp_path_factory.mktemp("package"), kind="quantization")
    wheel = build(project)
    environments.install(bin_folder, wheel)
    return bin_folder, project, wheel


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("checkpoints") / "llama"


@pytest.fixture
def answers(quantization, settings, checkpoints):
    """A function that runs the checkpoints in some ways, and returns what each gave."""
    bin_folder, project, _ = quantization

    def answers(*ways: str, **more: str) -> dict:
        command = [bin_folder / "python", PROOF / "generate.py", checkpoints, project.name, *ways]
        environment = os.environ | settings | {"PYTHONPATH": str(project / "tests")} | more
        result = result_of(*command, env=environment, limit=LONG_LIMIT)
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout.splitlines()[-1])

    return answers


def assert_equal(actual: list, expected: list) -> None:
    for (tokens, logprobs), (their_tokens, their_logprobs) in zip(actual, expected, strict=True):
        assert tokens == their_tokens
        assert logprobs == pytest.approx(their_logprobs, abs=1e-3)


@pytest.mark.xdist_group("quantization")
def test_a_quantized_model_gives_the_tokens_of_its_dequantized_weights_in_every_way(answers):
    references = ["Hugging Face", "floating point"]
    found = answers(*references, *IN_PROCESS, "a layer left out", *COUNTED, *REFUSED)
    expected, plain = (found.pop(name) for name in references)
    for way in IN_PROCESS:
        assert_equal(found[way], expected["int8"])
    assert_equal(found["a layer left out"], expected["left_out"])
    # That the quantization shows, and that the layer that is left out does.
    assert [tokens for tokens, _ in plain] != [tokens for tokens, _ in expected["int8"]]
    with pytest.raises(AssertionError):
        assert_equal(expected["left_out"], expected["int8"])
    # In two layers, each with qkv_proj, o_proj, gate_up_proj and down_proj.
    counted = {"Int8LinearMethod": 7, "UnquantizedLinearMethod": 1}
    assert found[COUNTED[0]] == counted
    assert found[COUNTED[1]] == {"QuantizeWhenLoaded": 8}
    for way, words in REFUSED.items():
        assert isinstance(found[way], str), way
        assert all(word in found[way] for word in words), found[way]


@pytest.mark.xdist_group("quantization")
def test_two_workers_share_a_quantized_model(answers):
    [expected] = answers("Hugging Face").values()
    [actual] = answers("tensor parallel", VLLM_CPU_OMP_THREADS_BIND="0|1").values()
    assert_equal(actual, expected["int8"])


LOOK = """
import json, logging
logging.disable()
from {package} import register
register()
from {package}._doctor.quantizations import look_in_new_process
print(json.dumps(list(look_in_new_process())))
"""


def changed(quantization, folder: Path, file: str, old: str, new: str) -> Path:
    """Return a folder with a copy of the package in which one text stands for another."""
    _, project, wheel = quantization
    run("python", "-m", "zipfile", "-e", wheel, folder)
    path = folder / project.name / file
    text = path.read_text(encoding="utf-8")
    path.write_text(edited(text, Edit(file, old, new)), encoding="utf-8")
    return folder


@pytest.mark.xdist_group("quantization")
@pytest.mark.parametrize("name", FAULTS)
def test_the_doctor_names_a_fault_that_only_vllm_shows(quantization, settings, tmp_path, name):
    *change, level, word = FAULTS[name]
    bin_folder, project, _ = quantization
    folder = changed(quantization, tmp_path / "changed", *change)
    environment = os.environ | settings | {"PYTHONPATH": str(folder)}
    code = LOOK.format(package=project.name)
    output = run(bin_folder / "python", "-c", code, env=environment).stdout
    (found, text, cure) = json.loads(output.splitlines()[-1])[-1]
    assert (found, word in text, bool(cure)) == (level, True, True), text
