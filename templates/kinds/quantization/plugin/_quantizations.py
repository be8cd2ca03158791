"""Registers quantizations, and says who owns a name. No need to edit it."""

from importlib import import_module
from typing import get_args

from ._safety import class_path, warn_of_owner


def register_quantization(name: str, reference: str) -> None:
    """Register a config class, "module:Class" in this package, unless somebody else has the name."""
    from vllm.model_executor.layers import quantization

    owner = owner_of_quantization(name)
    # vLLM itself would let the last registration win, and say so at DEBUG only.
    if owner is None:
        module, _, class_name = reference.partition(":")
        # vLLM takes the class, not its name. So its module is imported in every process, and that
        # module must be a small one: see quantization.py.
        config_class = getattr(import_module(f".{module}", __package__), class_name)
        quantization.register_quantization_config(name)(config_class)
    elif owner != f"{__package__}.{reference}":
        places = "about.py, quantized_layers.py and the checkpoint's config.json"
        warn_of_owner("quantization", name, owner, places)


def owner_of_quantization(name: str) -> str | None:
    """Return "package.module:Class" of the config class that vLLM would use, or None.

    For a name of vLLM's own it is "vllm…:NAME": to learn the class, vLLM imports all that it has.
    """
    from vllm.model_executor.layers import quantization

    if name in quantization._CUSTOMIZED_METHOD_TO_QUANT_CONFIG:
        return class_path(quantization._CUSTOMIZED_METHOD_TO_QUANT_CONFIG[name])
    # Not QUANTIZATION_METHODS, which has a plugin's name before there is a class for it.
    if name in get_args(quantization.QuantizationMethods):
        return f"{quantization.__name__}:{name}"
    return None
