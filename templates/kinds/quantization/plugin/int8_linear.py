"""What computes the quantized linear layers of vLLM's models; the arithmetic is in int8.py.

Shapes: ``N`` output and ``K`` input channels, as far as this worker holds them. With tensor
parallelism a worker holds a part of one or of the other. A scale goes with an output channel, so
that a worker with a part of the input channels needs all scales.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import Module, Parameter
from vllm.model_executor.layers.linear import (
    LinearMethodBase,
    register_weight_loader_v2_supported_method,
)
from vllm.model_executor.parameter import ChannelQuantScaleParameter, ModelWeightParameter

from .int8 import linear, quantize


# vLLM looks the class up by its name. Without this, its loader would not know these parameters.
@register_weight_loader_v2_supported_method
class Int8LinearMethod(LinearMethodBase):
    """For a checkpoint that holds ``weight`` [N, K] in int8, and ``weight_scale`` [N, 1]."""

    def __init__(self, prefix: str) -> None:
        # The layer's name in the model, for messages.
        self.prefix = prefix

    def create_weights(
        self,
        layer: Module,
        input_size_per_partition: int,
        output_partition_sizes: list[int],
        input_size: int,
        output_size: int,
        params_dtype: torch.dtype,
        **extra_weight_attrs: Any,
    ) -> None:
        """Give a layer its parameters, which vLLM fills; what it holds as one is in one of them."""
        loader = extra_weight_attrs["weight_loader"]
        shape = sum(output_partition_sizes), input_size_per_partition
        layer.register_parameter("weight", matrix(shape, torch.int8, loader))
        # vLLM says nothing of a scale that is missing in the checkpoint: this will show it.
        scale = torch.full((shape[0], 1), float("nan"), dtype=torch.float32)
        parameter = ChannelQuantScaleParameter(data=scale, output_dim=0, weight_loader=loader)
        layer.register_parameter("weight_scale", parameter)

    def process_weights_after_loading(self, layer: Module) -> None:
        """Raise ValueError if the checkpoint has no scale, or not all, for a layer."""
        if layer.weight_scale.isnan().any():
            raise ValueError(
                f"The checkpoint has no weight_scale for {self.prefix}, so its weights are not "
                "int8. Cure: write the checkpoint with quantize_checkpoint.py; or name the layer "
                "in modules_to_not_convert, in config.json; or take quantization_config out of "
                "it, and let --quantization quantize the weights when they are loaded."
            )

    def apply(
        self, layer: Module, x: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Map ``x`` [T, K] to [T, N]."""
        return linear(x, layer.weight, layer.weight_scale, bias)


@register_weight_loader_v2_supported_method
class QuantizeWhenLoaded(Int8LinearMethod):
    """For a checkpoint in floating point, which must fit into memory as it is."""

    def create_weights(
        self,
        layer: Module,
        input_size_per_partition: int,
        output_partition_sizes: list[int],
        input_size: int,
        output_size: int,
        params_dtype: torch.dtype,
        **extra_weight_attrs: Any,
    ) -> None:
        """Give a layer its parameter, which vLLM fills."""
        shape = sum(output_partition_sizes), input_size_per_partition
        loader = extra_weight_attrs["weight_loader"]
        layer.register_parameter("weight", matrix(shape, params_dtype, loader))

    def process_weights_after_loading(self, layer: Module) -> None:
        """Put int8 and scales in the place of the weight."""
        try:
            rows, scale = quantize(layer.weight.data)
        except ValueError as error:
            raise ValueError(f"{self.prefix} cannot be quantized: {error}") from error
        layer.weight = Parameter(rows, requires_grad=False)
        layer.weight_scale = Parameter(scale, requires_grad=False)


def matrix(
    shape: tuple[int, int], dtype: torch.dtype, weight_loader: Callable
) -> ModelWeightParameter:
    """Return a parameter [N, K] of which vLLM loads this worker's part."""
    data = torch.empty(shape, dtype=dtype)
    return ModelWeightParameter(data=data, input_dim=1, output_dim=0, weight_loader=weight_loader)
