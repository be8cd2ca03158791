"""An embedding model: Llama's layers, and a pooler that makes one vector of each prompt.

vLLM calls such a model a pooling model and serves it with ``--runner pooling``. There are no logits
and nothing is generated: the hidden states go to ``pooler``, which pools and normalises them.
"""

from collections.abc import Iterable

import torch
from torch import nn
from vllm.config import VllmConfig
from vllm.model_executor.layers.pooler import DispatchPooler
from vllm.model_executor.models.interfaces import SupportsLoRA, SupportsPP, SupportsQuant
from vllm.model_executor.models.interfaces_base import default_pooling_type
from vllm.model_executor.models.llama import LlamaModel
from vllm.model_executor.models.utils import maybe_prefix
from vllm.sequence import IntermediateTensors

from ._weights import load_completely


# The mean over all tokens. A user's pooler config, and the checkpoint's, go before this.
@default_pooling_type(seq_pooling_type="MEAN")
class {{ class_of("model") }}(
    nn.Module,
    SupportsLoRA,
    SupportsPP,
    SupportsQuant,
):
    """Llama's layers as vLLM sees an embedding model: no head, but a ``pooler``."""

    is_pooling_model = True
    # Which weights of a checkpoint, and of a LoRA adapter, share one matrix here, in this order.
    packed_modules_mapping = {
        "qkv_proj": ["q_proj", "k_proj", "v_proj"],
        "gate_up_proj": ["gate_proj", "up_proj"],
    }

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__()
        self.config = vllm_config.model_config.hf_config
        self.model = LlamaModel(vllm_config=vllm_config, prefix=maybe_prefix(prefix, "model"))
        self.pooler = DispatchPooler.for_embedding(vllm_config.model_config.pooler_config)
        self.make_empty_intermediate_tensors = self.model.make_empty_intermediate_tensors

    def embed_input_ids(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Map tokens [T] to their embeddings [T, H]."""
        return self.model.embed_input_ids(input_ids)

    def forward(
        self,
        input_ids: torch.Tensor | None,
        positions: torch.Tensor,
        intermediate_tensors: IntermediateTensors | None = None,
        inputs_embeds: torch.Tensor | None = None,
    ) -> torch.Tensor | IntermediateTensors:
        """Map tokens [T] at ``positions`` [T] to hidden states [T, H].

        T counts the tokens of all requests in this step, H is the hidden size. A pipeline stage
        other than the last returns IntermediateTensors for the next one.
        """
        return self.model(input_ids, positions, intermediate_tensors, inputs_embeds)

    def load_weights(self, weights: Iterable[tuple[str, torch.Tensor]]) -> set[str]:
        """Copy a checkpoint of Llama's, with or without a head, and return what it filled.

        Raises ValueError for any other weight that has no place here, and for a parameter that no
        weight fills.
        """
        named_alike = (
            (name if name.startswith(("model.", "lm_head.")) else f"model.{name}", weight)
            for name, weight in weights
        )
        return load_completely(self, named_alike, self.place_weights, unused=("lm_head.",))

    def place_weights(self, weights: Iterable[tuple[str, torch.Tensor]]) -> set[str]:
        """Copy what fits, and return what was filled; ``load_completely`` looks at the rest."""
        body = (
            (name.removeprefix("model."), weight)
            for name, weight in weights
            if not name.startswith("lm_head.")
        )
        return {f"model.{name}" for name in self.model.load_weights(body)}
