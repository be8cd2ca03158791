"""Stands for ``vllm.model_executor.layers.quantization.base_config``: what a config class inherits.

Leaves out the methods of layers, and the names of scales of the KV cache."""

from abc import ABC, abstractmethod

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)


class QuantizationConfig(ABC):
    def __init__(self):
        # A model puts in what it holds as one, as {"qkv_proj": ["q_proj", "k_proj", "v_proj"]}.
        self.packed_modules_mapping: dict[str, list[str]] = {}

    @abstractmethod
    def get_name(self): ...

    @abstractmethod
    def get_supported_act_dtypes(self): ...

    @classmethod
    @abstractmethod
    def get_min_capability(cls): ...

    @staticmethod
    @abstractmethod
    def get_config_filenames(): ...

    @classmethod
    @abstractmethod
    def from_config(cls, config): ...

    @abstractmethod
    def get_quant_method(self, layer, prefix): ...

    @classmethod
    def override_quantization_method(cls, hf_quant_cfg, user_quant, hf_config=None):
        return None

    def apply_vllm_mapper(self, hf_to_vllm_mapper):
        return None
