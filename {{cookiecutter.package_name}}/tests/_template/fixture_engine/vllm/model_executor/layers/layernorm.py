"""Stands for ``vllm.model_executor.layers.layernorm``: ``RMSNorm``, without weights and arithmetic."""

from vllm._lacking import lacking_in
from vllm.model_executor.custom_op import CustomOp

__getattr__ = lacking_in(__name__)


class RMSNorm(CustomOp):
    def __init__(self, hidden_size, eps=1e-6, var_hidden_size=None, has_weight=True, dtype=None):
        super().__init__()
        self.hidden_size = hidden_size
        self.variance_epsilon = eps
        self.variance_size_override = None if var_hidden_size == hidden_size else var_hidden_size
        self.has_weight = has_weight
        self.weight = None

    def forward_native(self, x, residual=None):
        raise NotImplementedError

    def forward_cuda(self, x, residual=None):
        return self.forward_native(x, residual)

    def forward_xpu(self, x, residual=None):
        return self.forward_cuda(x, residual)
