"""A model of vLLM's own with one change: some tokens are never generated.

Subclassing is the quickest way to a new architecture, and vLLM's Llama brings tensor and pipeline
parallelism, LoRA and quantization along. What it costs: the parent is no stable interface. Keep
the change small, and let ``tests/test_compatibility.py`` say when a vLLM release has moved it.

To extend another model, change the parent class here and the one in config.py.
"""

from collections.abc import Iterable

import torch
from vllm.config import VllmConfig
from vllm.model_executor.models.llama import LlamaForCausalLM

from ._weights import load_completely


class {{ class_of("model") }}(LlamaForCausalLM):
    """vLLM's Llama, without the tokens in ``suppressed_token_ids`` of config.json."""

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__(vllm_config=vllm_config, prefix=prefix)
        # Without a config class of the plugin's own, config.json need not have the setting.
        listed = getattr(self.config, "suppressed_token_ids", None) or []
        # A buffer, so that it is on the device already when tokens are sampled.
        suppressed = torch.tensor(listed, dtype=torch.long)
        self.register_buffer("suppressed", suppressed, persistent=False)

    def compute_logits(self, hidden_states: torch.Tensor) -> torch.Tensor | None:
        """Map the hidden states [N, H] to sample from to logits [N, V].

        Under tensor parallelism vLLM may gather them on the first worker alone: None elsewhere.
        """
        logits = super().compute_logits(hidden_states)
        if logits is not None:
            logits.index_fill_(-1, self.suppressed, float("-inf"))
        return logits

    @property
    def compute_logits_local(self):
        """Tell vLLM that there is no such method; the parent's would bypass ``compute_logits``.

        vLLM 0.29 and newer may sample from it, see ``--enable-batch-sharded-sampling``.
        """
        raise AttributeError("compute_logits_local is not implemented")

    def load_weights(self, weights: Iterable[tuple[str, torch.Tensor]]) -> set[str]:
        """Copy a checkpoint of Llama's and return the names of the parameters that it filled.

        Raises ValueError for a weight that has no place here, and for a parameter that no weight
        fills.
        """
        return load_completely(self, weights, super().load_weights)
