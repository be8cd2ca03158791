"""A model of vLLM's own with one change: some tokens are never generated.

Subclassing is the quickest way to a new architecture, and vLLM's Llama brings tensor and pipeline
parallelism, LoRA and quantization along. What it costs: the parent is no stable interface. Keep
the change small, and let ``tests/test_compatibility.py`` say when a vLLM release has moved it.

To extend another model, change the parent class here and the one in config.py.
"""

import torch
from vllm.config import VllmConfig
from vllm.model_executor.models.llama import LlamaForCausalLM


class {{ cookiecutter.architecture }}(LlamaForCausalLM):
    """vLLM's Llama, without the tokens in ``suppressed_token_ids`` of config.json."""

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__(vllm_config=vllm_config, prefix=prefix)
        # A buffer, so that it is on the device already when tokens are sampled.
        suppressed = torch.tensor(self.config.suppressed_token_ids, dtype=torch.long)
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
