"""Each quantization has the interface that vLLM asks of it, under the name in about.py."""

import pytest
from vllm.model_executor.layers import quantization
from vllm.model_executor.layers.quantization.base_config import QuantizationConfig

from {{ cookiecutter.package_name }} import register
{{ import_from(cookiecutter.package_name ~ "._doctor.quantizations", ["look_in_new_process"]) }}
{{ import_from(cookiecutter.package_name ~ "._quantizations", ["owner_of_quantization"]) }}
{{ import_from(cookiecutter.package_name ~ ".about", ["QUANTIZATION_METHODS"]) }}


@pytest.mark.parametrize("name", QUANTIZATION_METHODS)
def test_vllm_gets_the_class_by_its_name(name):
    register()
    config_class = quantization.get_quantization_config(name)
    assert issubclass(config_class, QuantizationConfig)
    assert f"{config_class.__module__}:{config_class.__qualname__}" == owner_of_quantization(name)


@pytest.mark.parametrize("name", QUANTIZATION_METHODS)
def test_vllm_can_make_a_config_as_it_does_and_each_has_the_name(name):
    register()
    config_class = quantization.get_quantization_config(name)
    # By --quantization, and by config.json.
    for config in (config_class(), config_class.from_config({"quant_method": name})):
        assert config.get_name() == name


@pytest.mark.parametrize("name", QUANTIZATION_METHODS)
def test_vllm_reads_the_name_in_config_json_as_it_is_written(name):
    """vLLM reads it in lower case, and one of its own names in two spellings."""
    assert name == name.lower()
    assert "compressed_tensors" not in name


@pytest.mark.parametrize("name", QUANTIZATION_METHODS)
def test_a_second_call_registers_nothing(monkeypatch, name):
    register()
    first, called = quantization.get_quantization_config(name), []
    monkeypatch.setattr(quantization, "register_quantization_config", called.append)
    register()
    assert called == []
    assert quantization.get_quantization_config(name) is first


@pytest.mark.real_vllm
def test_each_linear_layer_gets_a_method():
    register()
    assert [level for level, _, _ in look_in_new_process()] == ["ok"] * len(QUANTIZATION_METHODS)
