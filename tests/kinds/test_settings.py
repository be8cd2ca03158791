"""A config.json that asks for what a kind of model does not do is refused, in real transformers."""

import json
import os
import shutil
from pathlib import Path

import pytest
from shared.rendering import MODELS, make_environment, proof_of, run

pytestmark = pytest.mark.xdist_group("settings")

# The version that the newest supported vLLM takes; without torch, which no config needs.
TRANSFORMERS = "transformers==5.19.0"
ASK = """
import importlib, json, sys
from transformers import AutoConfig, LlamaConfig
import vllm_my_model
from vllm_my_model.about import MODEL_TYPES

[MODEL_TYPE] = MODEL_TYPES

def said(settings):
    try:
        config = AutoConfig.for_model(MODEL_TYPE, **settings)
        config.update({})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""

config_class = importlib.import_module("vllm_my_model.config").Config
AutoConfig.register(MODEL_TYPE, config_class)
cases = json.loads(sys.argv[1])
own, llama = (
    [kind(**each).to_dict() for each in json.loads(sys.argv[2])] for kind in (config_class, LlamaConfig)
)
print(json.dumps({
    "said": [said(case) for case in cases],
    "llama": llama,
    "own": own,
    "again": said({n: v for n, v in config_class().to_dict().items() if n != "model_type"}),
}, default=str))
"""
# In text_config, where a model has one.
REFUSED = [
    {"bias": True},
    {"residual_multiplier": 0.22},
    {"residual_multiplier": 1.0},
    {"sliding_window": 4096},
    {"no_rope_layers": [1, 1, 0]},
    {"mlp_only_layers": [0]},
    {"layer_types": ["full_attention", "sliding_attention"], "num_hidden_layers": 2},
    {"final_logit_softcapping": 30.0},
    {"norm_type": "layernorm"},
    {"query_pre_attn_scalar": 224},
    {"moe": {"num_experts": 8}},
]
ACCEPTED = [
    {},
    {"bias": False, "sliding_window": None, "mlp_only_layers": [], "final_logit_softcapping": 0.0},
    {"layer_types": ["full_attention", "full_attention"], "num_hidden_layers": 2},
    {"rope_theta": 5000.0, "rope_scaling": {"type": "linear", "factor": 2.0}},
    # Llama 3.1's, and what others leave in such a file.
    {
        "rope_scaling": {
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
            "rope_type": "llama3",
        },
        "rope_theta": 500000.0,
    },
    {"attention_dropout": 0.1, "initializer_range": 0.02, "pretraining_tp": 2, "use_cache": True},
    {"torch_dtype": "bfloat16", "transformers_version": "4.31.0", "_name_or_path": "x"},
    {"quantization_config": {"quant_method": "gptq", "bits": 4}},
    {"temperature": 0.6, "do_sample": True, "max_length": 4096, "repetition_penalty": 1.1},
    {"id2label": {"0": "LABEL_0"}, "problem_type": None, "torchscript": True, "is_decoder": True},
    {"auto_map": {"AutoConfig": "configuration_x.XConfig"}, "tokenizer_class": "LlamaTokenizer"},
    {"unsloth_version": "2024.9", "unsloth_fixed": True, "transformers.js_config": {"a": 1}},
    {"bos_token_id": 1, "eos_token_id": [2, 3], "pad_token_id": 0, "max_sequence_length": 2048},
]
# At the top of a config.json; of LLaVA 1.5 as it is published.
REFUSED_AT_THE_TOP = [{"is_encoder_decoder": True}, {"per_layer_config": {"0": {"odd": 1}}}]
ACCEPTED_OF_LLAVA = [
    {"ignore_index": -100, "vocab_size": 32064, "projector_hidden_act": "gelu"},
    {"vision_config": {"model_type": "clip_vision_model", "vocab_size": 32000, "dropout": 0.1}},
]
REFUSED_OF_LLAVA = [{"vision_config": {"model_type": "clip_vision_model", "odd": 0.3}}]


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    return make_environment(tmp_path_factory.mktemp("settings") / "venv", TRANSFORMERS) / "python"


def ask(python: Path, project: Path, cases: list[dict], *compared: dict) -> dict:
    # What transformers is compiled to is kept, beside the environment.
    settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    settings |= {"PYTHONPYCACHEPREFIX": str(python.parents[2] / "bytecode")}
    asked = (json.dumps(cases), json.dumps(compared))
    output = run(python, "-c", ASK, *asked, cwd=project, env=settings).stdout
    return json.loads(output.splitlines()[-1])


def for_kind(kind: str, cases: list[dict]) -> list[dict]:
    field = proof_of(kind)["settings_in"]
    return [{field: {"model_type": "llama", **case}} for case in cases] if field else cases


@pytest.mark.parametrize("kind", MODELS)
def test_what_a_model_does_not_do_is_refused_with_its_name_its_value_and_two_cures(
    python, render, kind
):
    cases = for_kind(kind, REFUSED) + REFUSED_AT_THE_TOP
    names = [next(iter(case.items())) for case in REFUSED + REFUSED_AT_THE_TOP]
    for (name, value), said in zip(
        names, ask(python, render(kind=kind), cases)["said"], strict=True
    ):
        assert f"config.json sets {name} = {value!r}" in said
        assert "implement it in model.py" in said
        assert "add its name to HARMLESS" in said


@pytest.mark.parametrize("kind", MODELS)
def test_what_tools_write_and_what_asks_for_nothing_is_accepted(python, render, kind):
    answers = ask(python, render(kind=kind), for_kind(kind, ACCEPTED))
    assert dict(zip(map(str, ACCEPTED), answers["said"], strict=True)) == dict.fromkeys(
        map(str, ACCEPTED), ""
    )
    assert answers["again"] == ""


def test_both_configs_of_llava_are_looked_at(python, render):
    project = render(kind="multimodal")
    assert ask(python, project, ACCEPTED_OF_LLAVA)["said"] == ["", ""]
    [said] = ask(python, project, REFUSED_OF_LLAVA)["said"]
    assert "vision_config in config.json sets odd = 0.3" in said


def test_rope_parameters_for_each_type_of_layer_are_refused(python, render):
    rope = {"full_attention": {"rope_type": "default", "rope_theta": 1e4}}
    [said] = ask(python, render(), [{"rope_parameters": rope}])["said"]
    assert "rope_parameters for each type of layer" in said


@pytest.mark.parametrize("kind", [kind for kind in MODELS if not proof_of(kind)["settings_in"]])
def test_what_config_json_leaves_out_is_what_it_is_for_llama(python, render, kind):
    sizes = {"hidden_size": 96, "num_attention_heads": 3, "rope_theta": 5000.0}
    answers = ask(python, render(kind=kind), [], {}, sizes)
    assert answers["llama"][1]["head_dim"] == 32
    for own, llama in zip(answers["own"], answers["llama"], strict=True):
        shared = own.keys() & llama.keys() - {"model_type", "architectures"}
        assert len(shared) > 15
        assert {name: own[name] for name in shared} == {name: llama[name] for name in shared}


def test_a_setting_can_be_declared_harmless(python, render, tmp_path):
    project = shutil.copytree(render(), tmp_path / "project")
    config = project / "vllm_my_model" / "config.py"
    text = config.read_text()
    assert "HARMLESS = (" in text
    config.write_text(text.replace("HARMLESS = (", 'HARMLESS = ("logit_scale", '))
    first, second = ask(python, project, [{"logit_scale": 1.0}, {"odd": 1}])["said"]
    assert first == ""
    assert "odd = 1" in second
