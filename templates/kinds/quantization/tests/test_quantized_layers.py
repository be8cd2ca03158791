"""Which layers are quantized, by their names, and what config.json may say. Needs no vLLM."""

import pytest

from {{ cookiecutter.package_name }}.quantized_layers import (
    LEFT_OUT,
    QUANT_METHOD,
    is_left_out,
    layers_to_quantize,
    names_in_config,
    problem_with_tensors,
)

LAYER = "model.layers.1.mlp.down_proj"
QKV = "model.layers.1.self_attn.qkv_proj"
PACKED = {"qkv_proj": ["q_proj", "k_proj", "v_proj"], "gate_up_proj": ["gate_proj", "up_proj"]}
# A checkpoint's tensors: name and shape.
SHAPES = {
    "model.embed_tokens.weight": [257, 96],
    "model.layers.0.self_attn.q_proj.weight": [128, 96],
    "model.layers.0.self_attn.q_proj.bias": [128],
    "model.layers.0.input_layernorm.weight": [96],
    "model.layers.0.mlp.gate.weight": [4, 96],
    "model.layers.0.mlp.experts.0.down_proj.weight": [96, 192],
    "model.layers.1.mlp.down_proj.weight": [96, 192],
    "lm_head.weight": [257, 96],
}


@pytest.mark.parametrize("name", [LAYER, "down_proj", "mlp", "layers.1", "model", "1.mlp"])
def test_a_whole_name_or_parts_of_it_in_a_row_leave_a_layer_out(name):
    assert is_left_out(LAYER, ["lm_head", name])


@pytest.mark.parametrize("name", ["proj", "layers.11", "layers", "down", "layers.1.down_proj", "1"])
def test_what_is_no_part_of_the_name_leaves_nothing_out(name):
    layer = "model.blocks.11.mlp.down_proj"
    assert not is_left_out(layer, [name])


def test_nothing_is_left_out_where_nothing_is_named():
    assert not is_left_out(LAYER, [])
    assert not is_left_out(QKV, [], PACKED)


def test_layers_that_the_model_holds_as_one_are_left_out_together():
    parts = [f"model.layers.1.self_attn.{part}" for part in PACKED["qkv_proj"]]
    assert is_left_out(QKV, parts, PACKED)
    assert is_left_out(QKV, ["self_attn"], PACKED)
    assert is_left_out(QKV, [QKV], PACKED)
    assert not is_left_out(QKV, [part.replace("layers.1", "layers.2") for part in parts], PACKED)


def test_a_part_of_what_the_model_holds_as_one_cannot_be_left_out():
    with pytest.raises(ValueError, match=r"names \S+k_proj, and .+\.q_proj, \S+v_proj. Cure:"):
        is_left_out(QKV, ["k_proj"], PACKED)


def test_config_json_names_what_stays_as_it_is():
    assert names_in_config({"quant_method": QUANT_METHOD, LEFT_OUT: ["lm_head"]}) == ["lm_head"]
    # Tools write null where they have nothing to say.
    assert names_in_config({"quant_method": QUANT_METHOD, LEFT_OUT: None}) == []
    assert names_in_config({"quant_method": QUANT_METHOD}) == []


@pytest.mark.parametrize("setting", [{"bits": 4}, {"group_size": 128}, {"ignore": ["lm_head"]}])
def test_a_setting_that_is_not_implemented_is_refused(setting):
    [name] = setting
    with pytest.raises(ValueError, match=f"has {name}, and .+ has only {LEFT_OUT}. Cure:"):
        names_in_config({"quant_method": QUANT_METHOD} | setting)


@pytest.mark.parametrize("names", ["lm_head", [1], {"lm_head": True}])
def test_names_that_are_no_list_of_names_are_refused(names):
    with pytest.raises(ValueError, match="Cure: write a list"):
        names_in_config({"quant_method": QUANT_METHOD, LEFT_OUT: names})


def test_linear_layers_are_quantized_and_embeddings_head_router_and_experts_are_not():
    chosen, others = layers_to_quantize(SHAPES, [])
    assert chosen == ["model.layers.0.self_attn.q_proj", LAYER]
    assert others == [
        "model.embed_tokens",
        "model.layers.0.mlp.gate",
        "model.layers.0.mlp.experts.0.down_proj",
        "lm_head",
    ]


def test_what_is_to_be_left_out_is_not_quantized_and_is_listed():
    chosen, others = layers_to_quantize(SHAPES, ["mlp"])
    assert chosen == ["model.layers.0.self_attn.q_proj"]
    assert LAYER in others


def test_a_name_to_leave_out_that_no_layer_has_is_refused():
    with pytest.raises(ValueError, match="No layer of the checkpoint is called down. Cure:"):
        layers_to_quantize(SHAPES, ["lm_head", "down"])


STATED = {"quant_method": QUANT_METHOD, LEFT_OUT: ["lm_head"]}
HELD = {
    "lm_head.weight": "F32",
    "model.norm.weight": "F32",
    f"{LAYER}.weight": "I8",
    f"{LAYER}.weight_scale": "F32",
}


def test_a_checkpoint_that_holds_what_config_json_says_has_no_problem():
    assert problem_with_tensors(STATED, HELD) == ""
    assert problem_with_tensors(None, {"lm_head.weight": "F32", f"{LAYER}.weight": "BF16"}) == ""


@pytest.mark.parametrize(
    ("stated", "change", "words"),
    [
        (None, {}, "in int8, and config.json does not say so"),
        (STATED, {f"{LAYER}.weight": "F32"}, "does not hold"),
        (STATED, {f"{LAYER}.weight_scale": None}, "does not hold"),
        (STATED | {LEFT_OUT: ["mlp"]}, {}, f"{LEFT_OUT} in config.json names it"),
    ],
)
def test_a_checkpoint_that_holds_something_else_is_named(stated, change, words):
    dtypes = {name: dtype for name, dtype in (HELD | change).items() if dtype}
    problem = problem_with_tensors(stated, dtypes)
    assert words in problem
    assert LAYER in problem
