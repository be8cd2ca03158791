"""Stands for ``vllm.model_executor.layers.quantization``: from a name to a config class.

Leaves out vLLM's own config classes, of which it has two names, and what a platform supports."""

from typing import Literal, get_args

from vllm._lacking import lack, lacking_in
from vllm.logger import init_logger
from vllm.model_executor.layers.quantization.base_config import QuantizationConfig

__getattr__ = lacking_in(__name__)
logger = init_logger(__name__)
QuantizationMethods = Literal["awq", "fp8"]
QUANTIZATION_METHODS: list[str] = list(get_args(QuantizationMethods))
_CUSTOMIZED_METHOD_TO_QUANT_CONFIG: dict[str, type[QuantizationConfig]] = {}


def register_quantization_config(quantization: str):
    """Return a decorator that gives a class a name, in place of what had the name before.
    It raises ValueError for a class that is no QuantizationConfig, and has added the name then."""

    def register(config_class):
        if quantization in QUANTIZATION_METHODS:
            fate = "already exists and will be overwritten by the quantization config"
            logger.debug("The quantization method '%s' %s %s.", quantization, fate, config_class)
        else:
            QUANTIZATION_METHODS.append(quantization)
        if not issubclass(config_class, QuantizationConfig):
            raise ValueError("The quantization config must be a subclass of `QuantizationConfig`.")
        _CUSTOMIZED_METHOD_TO_QUANT_CONFIG[quantization] = config_class
        return config_class

    return register


def get_quantization_config(quantization: str) -> type[QuantizationConfig]:
    """Return the class of a name; ValueError if nobody has registered it."""
    if quantization not in QUANTIZATION_METHODS:
        raise ValueError(f"Invalid quantization method: {quantization}")
    if quantization not in _CUSTOMIZED_METHOD_TO_QUANT_CONFIG:
        raise lack(f"{__name__}.{quantization}")
    return _CUSTOMIZED_METHOD_TO_QUANT_CONFIG[quantization]
