"""The quantization: what vLLM asks which layers are quantized, and how.

vLLM needs this class in every process, so that register() imports this module: nothing that takes
long may be imported at its top. What computes is in int8_linear.py, which vLLM's workers import.
"""

from typing import Any

from vllm.model_executor.layers.quantization.base_config import QuantizationConfig

from .quantized_layers import QUANT_METHOD, is_left_out, names_in_config, problem_with_tensors


class {{ class_of("quantization") }}(QuantizationConfig):
    """Linear layers with weights in int8, and one scale for each output channel.

    Made without arguments, as --quantization makes it for a checkpoint in floating point, it
    quantizes all linear layers while they are loaded. ``from_config`` makes it for a checkpoint
    that quantize_checkpoint.py has written. Embeddings, the head and experts stay as they are.
    """

    def __init__(self, left_out: list[str] | None = None, in_checkpoint: bool = False) -> None:
        super().__init__()
        # The names of layers that stay as they are.
        self.left_out = left_out or []
        # Whether the checkpoint holds int8; otherwise it holds floating point.
        self.in_checkpoint = in_checkpoint

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> QuantizationConfig:
        """Read quantization_config in config.json. Raises ValueError for what this does not have."""
        return cls(names_in_config(config), in_checkpoint=True)

    def get_quant_method(self, layer: Any, prefix: str) -> Any:
        """Return what computes a layer; None if this quantization has nothing to do with it."""
        from vllm.model_executor.layers.linear import LinearBase, UnquantizedLinearMethod

        if not isinstance(layer, LinearBase):
            return None
        # None would leave a linear layer with nothing that computes it.
        if is_left_out(prefix, self.left_out, self.packed_modules_mapping):
            return UnquantizedLinearMethod()
        from .int8_linear import Int8LinearMethod, QuantizeWhenLoaded

        return Int8LinearMethod(prefix) if self.in_checkpoint else QuantizeWhenLoaded(prefix)

    def apply_vllm_mapper(self, hf_to_vllm_mapper: Any) -> None:
        """Rename the layers that stay as they are, where vLLM's model has other names for them."""
        self.left_out = hf_to_vllm_mapper.apply_list(self.left_out)

    @staticmethod
    def problem_with_checkpoint(stated: dict[str, Any] | None, dtypes: dict[str, str]) -> str:
        """Say for the doctor why config.json and the weights do not fit; "" if they do."""
        return problem_with_tensors(stated, dtypes)

    def get_name(self) -> str:
        return QUANT_METHOD

    def get_supported_act_dtypes(self) -> list:
        import torch

        return [torch.float32, torch.bfloat16, torch.float16]

    @classmethod
    def get_min_capability(cls) -> int:
        # Nothing here needs a certain GPU.
        return -1

    @staticmethod
    def get_config_filenames() -> list[str]:
        # All that there is to know is in config.json.
        return []
