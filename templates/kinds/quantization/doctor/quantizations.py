"""Can vLLM make the quantizations' configs, and do they give linear layers a method?"""

from importlib.util import find_spec
from typing import Any

from ..about import QUANTIZATION_METHODS
from .findings import OK, PROBLEM, WARNING, Findings, cause_of
from .quantized_checkpoint import look_at_checkpoint

__all__ = ["look_at_checkpoint", "look_in_new_process"]
LAYER = "model.layers.0.mlp.down_proj"


def look_in_new_process() -> Findings:
    for name in QUANTIZATION_METHODS:
        yield from look_at_quantization(name)


def look_at_quantization(name: str) -> Findings:
    """Make a config as vLLM does: by --quantization, and for a checkpoint that names it."""
    config_class = class_of(name)
    try:
        configs = [config_class(), config_class.from_config({"quant_method": name})]
    except BaseException as error:
        text = f"The class of the quantization {name} cannot be used: {cause_of(error)}"
        yield PROBLEM, text, "repair that, or install a vLLM that the plugin is tested with."
        return
    yield OK, f"The class of the quantization {name} can be used.", ""
    for config in configs:
        if (called := config.get_name()) != name:
            text = f"The class of the quantization {name} calls itself {called}."
            yield PROBLEM, text, "let get_name() and about.py give the same name."
            return
    yield from look_at_linear_methods(name, configs)


def class_of(name: str) -> Any:
    from vllm.model_executor.layers import quantization

    return quantization._CUSTOMIZED_METHOD_TO_QUANT_CONFIG[name]


def look_at_linear_methods(name: str, configs: list) -> Findings:
    """Ask for what computes a linear layer, which vLLM asks when it builds a model."""
    if find_spec("vllm.fixture"):
        # It has no layers.
        return
    try:
        from vllm.model_executor.layers.linear import WEIGHT_LOADER_V2_SUPPORTED, LinearBase

        # The layer is not built: that would need an engine.
        layer = LinearBase.__new__(LinearBase)
        methods = [type(config.get_quant_method(layer, LAYER)) for config in configs]
    except BaseException as error:
        text = f"The quantization {name} has no method for a linear layer: {cause_of(error)}"
        yield PROBLEM, text, "repair get_quant_method(), or what it imports."
        return
    if type(None) in methods:
        text = f"The quantization {name} has no method for a linear layer: get_quant_method() "
        cure = "return a linear method for LinearBase, and UnquantizedLinearMethod for what stays."
        yield PROBLEM, f"{text}returns None.", cure
        return
    for method in dict.fromkeys(method.__name__ for method in methods):
        if method not in WEIGHT_LOADER_V2_SUPPORTED:
            text = f"vLLM loads weights for {method} with its old loader, which does not know "
            text += "parameters that are packed, or whose scales are for blocks."
            cure = "decorate the class with register_weight_loader_v2_supported_method."
            yield WARNING, text, cure
