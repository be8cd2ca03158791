"""The layer: what vLLM makes wherever a model makes ``RMSNorm``, in every model that it serves.

The arithmetic is in rms_norm.py. Which method runs is decided once for each layer, when the model is
built: ``forward_native`` if the model is compiled, which is vLLM's default, since the compiler can see
into it; the platform's, such as ``forward_cuda``, with ``--enforce-eager``. Both must compute the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm.model_executor.layers.layernorm import RMSNorm

from .rms_norm import add_and_rms_norm, rms_norm

if TYPE_CHECKING:
    from torch import Tensor


class {{ class_of("layer_swap") }}(RMSNorm):
    # vLLM calls the constructor as it would that of its own class, and loads the same weights. So
    # parameters keep their names and shapes.

    def forward_native(
        self, x: Tensor, residual: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Return the norm of ``x``, [..., size]; with a ``residual``, that of the sum, and the sum."""
        weight = self.weight if self.has_weight else None
        if residual is None:
            return rms_norm(x, weight, self.variance_epsilon, self.variance_size_override)
        return add_and_rms_norm(
            x, residual, weight, self.variance_epsilon, self.variance_size_override
        )

    # One for each platform: a method that is missing here is vLLM's own, or calls one that is. To
    # use a kernel, call it in the method of its platform.

    def forward_cuda(
        self, x: Tensor, residual: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        return self.forward_native(x, residual)

    def forward_cpu(
        self, x: Tensor, residual: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        return self.forward_native(x, residual)

    def forward_xpu(
        self, x: Tensor, residual: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        return self.forward_native(x, residual)
