"""The quantized model gives the tokens of the model with the dequantized weights."""

import json

import pytest

from {{ cookiecutter.package_name }} import quantization
{{ import_from(cookiecutter.package_name ~ ".quantized_layers", ["LEFT_OUT", "QUANT_METHOD"]) }}

Config = quantization.{{ class_of("quantization") }}
STEPS = 16
EAGER = {"enforce_eager": True}
DOWN = "model.layers.1.mlp.down_proj"


def test_a_config_says_which_layers_stay_as_they_are():
    config = Config.from_config({"quant_method": QUANT_METHOD, LEFT_OUT: [DOWN]})
    assert (config.left_out, config.in_checkpoint) == ([DOWN], True)
    assert config.packed_modules_mapping == {}


def test_a_config_without_arguments_is_for_a_checkpoint_in_floating_point():
    config = Config()
    assert (config.left_out, config.in_checkpoint) == ([], False)


def test_a_config_refuses_a_setting_that_is_not_implemented():
    with pytest.raises(ValueError, match="has bits, and "):
        Config.from_config({"quant_method": QUANT_METHOD, "bits": 4})


class Mapper:
    """As a model with images renames what a checkpoint holds."""

    def apply_list(self, names):
        return [f"language_model.{name}" for name in names]


def test_the_names_of_what_stays_follow_the_models_own():
    config = Config([DOWN])
    config.apply_vllm_mapper(Mapper())
    assert config.left_out == [f"language_model.{DOWN}"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A float checkpoint, and beside it one in which all but DOWN is quantized."""
    from _template.tiny_llama import save_llama

    {{ import_from(cookiecutter.package_name ~ ".quantize_checkpoint", ["quantize_checkpoint"], 4) }}

    folder = tmp_path_factory.mktemp("llama")
    save_llama(folder / "float")
    quantize_checkpoint(folder / "float", folder / "int8", [DOWN])
    return folder


def dequantized(folder) -> dict:
    """Return the weights of a checkpoint as the model must see them, all in float32."""
    from safetensors.torch import load_file

    from {{ cookiecutter.package_name }}.int8 import dequantize

    held = load_file(folder / "model.safetensors")
    return {
        name: dequantize(tensor, held[f"{name}_scale"]) if f"{name}_scale" in held else tensor
        for name, tensor in held.items()
        if not name.endswith("_scale")
    }


def logprobs_of(generated) -> list[float]:
    return [logprob for _, logprobs in generated for logprob in logprobs]


@pytest.mark.real_vllm
def test_a_quantized_checkpoint_gives_the_tokens_of_its_dequantized_weights(checkpoint):
    from _template.tiny_llama import greedy_in_hf, greedy_in_vllm

    weights = dequantized(checkpoint / "int8")
    expected = greedy_in_hf(weights, checkpoint / "float")
    assert all(len(tokens) >= STEPS for tokens, _ in expected)
    actual = greedy_in_vllm(checkpoint / "int8", **EAGER)
    assert [tokens for tokens, _ in actual] == [tokens for tokens, _ in expected]
    assert logprobs_of(actual) == pytest.approx(logprobs_of(expected), abs=1e-3)


@pytest.mark.real_vllm
def test_a_float_checkpoint_is_quantized_by_the_name_of_the_quantization(checkpoint, tmp_path):
    from _template.tiny_llama import greedy_in_hf, greedy_in_vllm

    {{ import_from(cookiecutter.package_name ~ ".quantize_checkpoint", ["quantize_checkpoint"], 4) }}

    quantize_checkpoint(checkpoint / "float", tmp_path / "int8")
    expected = greedy_in_hf(dequantized(tmp_path / "int8"), checkpoint / "float")
    actual = greedy_in_vllm(checkpoint / "float", quantization=QUANT_METHOD, **EAGER)
    assert [tokens for tokens, _ in actual] == [tokens for tokens, _ in expected]
    assert logprobs_of(actual) == pytest.approx(logprobs_of(expected), abs=1e-3)


@pytest.mark.real_vllm
def test_the_script_writes_int8_with_scales_and_leaves_the_rest(checkpoint):
    import torch
    from safetensors.torch import load_file

    before = load_file(checkpoint / "float" / "model.safetensors")
    after = load_file(checkpoint / "int8" / "model.safetensors")
    quantized = {name for name, tensor in after.items() if tensor.dtype == torch.int8}
    # Two layers with seven matrices each, of which one is left out.
    assert len(quantized) == 13
    assert after.keys() - before.keys() == {f"{name}_scale" for name in quantized}
    assert all(torch.equal(after[name], before[name]) for name in before.keys() - quantized)
    stated = json.loads((checkpoint / "int8" / "config.json").read_text())["quantization_config"]
    assert stated["quant_method"] == QUANT_METHOD
    assert sorted(stated[LEFT_OUT]) == ["lm_head", "model.embed_tokens", DOWN]


@pytest.mark.real_vllm
def test_the_script_keeps_the_files_of_a_large_checkpoint_and_their_index(checkpoint, tmp_path):
    from safetensors.torch import load_file, save_file

    {{ import_from(cookiecutter.package_name ~ ".quantize_checkpoint", ["INDEX", "quantize_checkpoint"], 4) }}

    weights = load_file(checkpoint / "float" / "model.safetensors")
    half = len(weights) // 2
    parts = {"a.safetensors": sorted(weights)[:half], "b.safetensors": sorted(weights)[half:]}
    source = tmp_path / "float"
    source.mkdir()
    (source / "config.json").write_bytes((checkpoint / "float" / "config.json").read_bytes())
    for file, names in parts.items():
        save_file({name: weights[name] for name in names}, source / file)
    (source / INDEX).write_text("{}")
    quantize_checkpoint(source, tmp_path / "int8", [DOWN])
    index = json.loads((tmp_path / "int8" / INDEX).read_text())
    places = {name: file for file in parts for name in load_file(tmp_path / "int8" / file)}
    assert index["weight_map"] == places
    assert places.keys() == load_file(checkpoint / "int8" / "model.safetensors").keys()


@pytest.mark.real_vllm
def test_what_cannot_be_quantized_leaves_no_half_checkpoint(checkpoint, tmp_path):
    import shutil

    from safetensors.torch import load_file, save_file

    {{ import_from(cookiecutter.package_name ~ ".quantize_checkpoint", ["quantize_checkpoint"], 4) }}

    shutil.copytree(checkpoint / "float", tmp_path / "float")
    weights = load_file(tmp_path / "float" / "model.safetensors")
    weights[f"{DOWN}.weight"][0, 0] = float("nan")
    save_file(weights, tmp_path / "float" / "model.safetensors")
    with pytest.raises(ValueError, match=f"{DOWN} cannot be quantized"):
        quantize_checkpoint(tmp_path / "float", tmp_path / "int8")
    assert not (tmp_path / "int8").exists()
    with pytest.raises(ValueError, match="is quantized already"):
        quantize_checkpoint(checkpoint / "int8", tmp_path / "int8")


@pytest.mark.real_vllm
def test_a_layer_without_its_scales_is_refused():
    import torch

    {{ import_from(cookiecutter.package_name ~ ".int8_linear", ["Int8LinearMethod"], 4) }}

    layer, method = torch.nn.Module(), Int8LinearMethod(DOWN)
    layer.weight_scale = torch.nn.Parameter(torch.ones(4, 1))
    method.process_weights_after_loading(layer)
    layer.weight_scale.data[2] = float("nan")
    with pytest.raises(ValueError, match=f"no weight_scale for {DOWN}, .+ Cure:"):
        method.process_weights_after_loading(layer)


@pytest.mark.real_vllm
@pytest.mark.parametrize("in_checkpoint", [True, False])
def test_a_layer_that_is_left_out_is_computed_as_without_the_quantization(in_checkpoint):
    from vllm.model_executor.layers.linear import LinearBase, UnquantizedLinearMethod

    config = Config([DOWN], in_checkpoint)
    layer = LinearBase.__new__(LinearBase)
    assert type(config.get_quant_method(layer, DOWN)) is UnquantizedLinearMethod
    other = DOWN.replace("down", "gate_up")
    assert type(config.get_quant_method(layer, other)) is not UnquantizedLinearMethod
    assert config.get_quant_method(object(), other) is None
