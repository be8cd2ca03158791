"""A decoder-only transformer for vLLM that reads checkpoints in Llama's layout.

Read it from top to bottom, it is built that way: attention, MLP, decoder layer, stack of layers,
and last the class that vLLM registers. Change what makes your model different; keep the names of
modules in step with the weights in your checkpoint, since ``load_weights`` matches them by name.

Shapes: vLLM puts the tokens of all running requests behind one another, without padding. ``T`` is
their number in this step, ``H`` the hidden size, ``V`` the vocabulary size. With tensor parallelism
every worker holds a part of the heads, of the MLP and of the vocabulary; ``H`` is never divided.

``prefix`` is a module's full name in the model, such as "model.layers.0.self_attn". vLLM uses it to
find the KV cache of an attention layer, and the quantization of a matrix. So each module passes its
own prefix on, with the name of the attribute added, and no two modules have the same.

Only interfaces that every supported vLLM has are used, so there is one code path for all of them.
"""

from collections.abc import Iterable
from itertools import islice

import torch
from torch import nn
from vllm.compilation.decorators import support_torch_compile
from vllm.config import VllmConfig
from vllm.distributed import get_pp_group
from vllm.model_executor.layers.activation import SiluAndMul
from vllm.model_executor.layers.attention import Attention
from vllm.model_executor.layers.layernorm import RMSNorm
from vllm.model_executor.layers.linear import (
    MergedColumnParallelLinear,
    QKVParallelLinear,
    RowParallelLinear,
)
from vllm.model_executor.layers.logits_processor import LogitsProcessor
from vllm.model_executor.layers.rotary_embedding import get_rope
from vllm.model_executor.layers.vocab_parallel_embedding import (
    ParallelLMHead,
    VocabParallelEmbedding,
)
from vllm.model_executor.models.interfaces import SupportsLoRA, SupportsPP, SupportsQuant
from vllm.model_executor.models.utils import (
    AutoWeightsLoader,
    PPMissingLayer,
    WeightsMapper,
    make_empty_intermediate_tensors_factory,
    make_layers,
    maybe_prefix,
)
from vllm.sequence import IntermediateTensors

from ._weights import load_completely

# Weights that a checkpoint holds one by one and this model as shards of one parameter. This is for
# loading; LoRA and quantization cannot read it, so packed_modules_mapping below says the same again.
STACKED_WEIGHTS = WeightsMapper(
    orig_to_new_stacked={
        ".q_proj": (".qkv_proj", "q"),
        ".k_proj": (".qkv_proj", "k"),
        ".v_proj": (".qkv_proj", "v"),
        ".gate_proj": (".gate_up_proj", 0),
        ".up_proj": (".gate_up_proj", 1),
    }
)


class DecoderAttention(nn.Module):
    """Grouped-query attention with rotary position embedding (RoPE)."""

    def __init__(self, vllm_config: VllmConfig, prefix: str) -> None:
        super().__init__()
        config = vllm_config.model_config.hf_config
        self.qkv_proj = QKVParallelLinear(
            hidden_size=config.hidden_size,
            head_size=config.head_dim,
            total_num_heads=config.num_attention_heads,
            total_num_kv_heads=config.num_key_value_heads,
            bias=False,
            quant_config=vllm_config.quant_config,
            prefix=f"{prefix}.qkv_proj",
        )
        self.o_proj = RowParallelLinear(
            input_size=config.num_attention_heads * config.head_dim,
            output_size=config.hidden_size,
            bias=False,
            quant_config=vllm_config.quant_config,
            prefix=f"{prefix}.o_proj",
        )
        # By keyword: the positional order of get_rope has changed between vLLM releases.
        self.rotary_emb = get_rope(
            head_size=config.head_dim,
            max_position=config.max_position_embeddings,
            is_neox_style=True,
            rope_parameters=config.rope_parameters,
        )
        # The layer has divided the heads among the workers already: from here on, this worker's.
        num_heads, num_kv_heads = self.qkv_proj.num_heads, self.qkv_proj.num_kv_heads
        self.qkv_sizes = [n * config.head_dim for n in (num_heads, num_kv_heads, num_kv_heads)]
        # The KV cache belongs to this layer, and vLLM finds it by its prefix.
        self.attn = Attention(
            num_heads=num_heads,
            head_size=config.head_dim,
            scale=config.head_dim**-0.5,
            num_kv_heads=num_kv_heads,
            cache_config=vllm_config.cache_config,
            quant_config=vllm_config.quant_config,
            prefix=f"{prefix}.attn",
        )

    def forward(self, positions: torch.Tensor, hidden_states: torch.Tensor) -> torch.Tensor:
        """Map ``hidden_states`` [T, H] at ``positions`` [T] to [T, H]."""
        qkv, _ = self.qkv_proj(hidden_states)
        query, key, value = qkv.split(self.qkv_sizes, dim=-1)
        query, key = self.rotary_emb(positions, query, key)
        output, _ = self.o_proj(self.attn(query, key, value))
        return output


class DecoderMLP(nn.Module):
    """SwiGLU: ``down(silu(gate(x)) * up(x))``, with gate and up as one matrix."""

    def __init__(self, vllm_config: VllmConfig, prefix: str) -> None:
        super().__init__()
        config = vllm_config.model_config.hf_config
        if config.hidden_act not in ("silu", "swish"):
            raise ValueError(
                f"hidden_act in config.json is {config.hidden_act!r}, and this model implements "
                "'silu' only. Cure: implement it in DecoderMLP, in model.py."
            )
        self.gate_up_proj = MergedColumnParallelLinear(
            input_size=config.hidden_size,
            output_sizes=[config.intermediate_size] * 2,
            bias=False,
            quant_config=vllm_config.quant_config,
            prefix=f"{prefix}.gate_up_proj",
        )
        self.down_proj = RowParallelLinear(
            input_size=config.intermediate_size,
            output_size=config.hidden_size,
            bias=False,
            quant_config=vllm_config.quant_config,
            prefix=f"{prefix}.down_proj",
        )
        self.act_fn = SiluAndMul()

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """Map [T, H] to [T, H]."""
        gate_up, _ = self.gate_up_proj(hidden_states)
        output, _ = self.down_proj(self.act_fn(gate_up))
        return output


class DecoderLayer(nn.Module):
    """Attention and MLP, each behind a norm and added to the residual stream."""

    def __init__(self, vllm_config: VllmConfig, prefix: str) -> None:
        super().__init__()
        config = vllm_config.model_config.hf_config
        self.self_attn = DecoderAttention(vllm_config, prefix=f"{prefix}.self_attn")
        self.mlp = DecoderMLP(vllm_config, prefix=f"{prefix}.mlp")
        self.input_layernorm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(
        self,
        positions: torch.Tensor,
        hidden_states: torch.Tensor,
        residual: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map positions [T], hidden states [T, H] and residual [T, H] to the next two.

        The residual is None in the model's first layer.
        """
        # With two arguments vLLM's RMSNorm adds them; it returns the norm of the sum, and the sum.
        if residual is None:
            residual = hidden_states
            hidden_states = self.input_layernorm(hidden_states)
        else:
            hidden_states, residual = self.input_layernorm(hidden_states, residual)
        hidden_states = self.self_attn(positions, hidden_states)
        hidden_states, residual = self.post_attention_layernorm(hidden_states, residual)
        return self.mlp(hidden_states), residual


# vLLM compiles forward() once, as one graph for every T. So its code must not branch on values in a
# tensor, nor call what torch.compile cannot trace. Its annotations matter: in each argument that is
# annotated as a tensor, or as IntermediateTensors, vLLM lets the first dimension vary.
@support_torch_compile
class DecoderModel(nn.Module):
    """Embedding, layers and final norm, or the part of them that this pipeline stage holds."""

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__()
        config = vllm_config.model_config.hf_config
        pp_group = get_pp_group()
        # The first stage embeds the tokens. The last one needs the same matrix if weights are tied,
        # as its output layer: stages share no memory, so it loads a copy.
        if pp_group.is_first_rank or (config.tie_word_embeddings and pp_group.is_last_rank):
            self.embed_tokens = VocabParallelEmbedding(
                config.vocab_size,
                config.hidden_size,
                quant_config=vllm_config.quant_config,
                prefix=maybe_prefix(prefix, "embed_tokens"),
            )
        else:
            self.embed_tokens = PPMissingLayer()
        # All layers are listed in every stage, with placeholders for those of others, so that the
        # names of weights carry the same numbers as in the checkpoint.
        self.start_layer, self.end_layer, self.layers = make_layers(
            config.num_hidden_layers,
            lambda prefix: DecoderLayer(vllm_config, prefix),
            prefix=maybe_prefix(prefix, "layers"),
        )
        if pp_group.is_last_rank:
            self.norm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        else:
            self.norm = PPMissingLayer()

    def forward(
        self,
        input_ids: torch.Tensor | None,
        positions: torch.Tensor,
        intermediate_tensors: IntermediateTensors | None = None,
        inputs_embeds: torch.Tensor | None = None,
    ) -> torch.Tensor | IntermediateTensors:
        """Map tokens [T] (or their embeddings [T, H]) to hidden states [T, H].

        A pipeline stage other than the first starts from ``intermediate_tensors``, one other than
        the last returns them, in place of the tokens and of the hidden states.
        """
        if get_pp_group().is_first_rank:
            hidden_states = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
            residual = None
        else:
            assert intermediate_tensors is not None
            hidden_states = intermediate_tensors["hidden_states"]
            residual = intermediate_tensors["residual"]
        # Only this stage's own: the others are placeholders.
        for layer in islice(self.layers, self.start_layer, self.end_layer):
            hidden_states, residual = layer(positions, hidden_states, residual)
        if not get_pp_group().is_last_rank:
            return IntermediateTensors({"hidden_states": hidden_states, "residual": residual})
        hidden_states, _ = self.norm(hidden_states, residual)
        return hidden_states


class {{ class_of("model") }}(
    nn.Module,
    # Asks for packed_modules_mapping and embedding_modules.
    SupportsLoRA,
    # Asks for make_empty_intermediate_tensors, and for a forward() that takes and returns these.
    SupportsPP,
    # Asks for packed_modules_mapping, and for quant_config and prefix to be passed to every layer.
    SupportsQuant,
):
    """The model as vLLM sees it: what it builds, loads, runs and samples from."""

    # Which weights of a checkpoint, and of a LoRA adapter, share one matrix here, in this order.
    packed_modules_mapping = {
        "qkv_proj": ["q_proj", "k_proj", "v_proj"],
        "gate_up_proj": ["gate_proj", "up_proj"],
    }
    # LoRA may adapt these two as well.
    embedding_modules = {"embed_tokens": "input_embeddings", "lm_head": "output_embeddings"}

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__()
        self.config = config = vllm_config.model_config.hf_config
        self.model = DecoderModel(vllm_config=vllm_config, prefix=maybe_prefix(prefix, "model"))
        if get_pp_group().is_last_rank:
            self.lm_head = ParallelLMHead(
                config.vocab_size,
                config.hidden_size,
                quant_config=vllm_config.quant_config,
                prefix=maybe_prefix(prefix, "lm_head"),
            )
            if config.tie_word_embeddings:
                self.lm_head = self.lm_head.tie_weights(self.model.embed_tokens)
        else:
            self.lm_head = PPMissingLayer()
        self.logits_processor = LogitsProcessor(config.vocab_size)
        # vLLM's model runner calls it in every stage but the first, for tensors of the right sizes
        # to profile with and to receive into.
        self.make_empty_intermediate_tensors = make_empty_intermediate_tensors_factory(
            ["hidden_states", "residual"], config.hidden_size
        )

    def embed_input_ids(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Map tokens [T] to their embeddings [T, H]."""
        return self.model.embed_tokens(input_ids)

    def forward(
        self,
        input_ids: torch.Tensor | None,
        positions: torch.Tensor,
        intermediate_tensors: IntermediateTensors | None = None,
        inputs_embeds: torch.Tensor | None = None,
    ) -> torch.Tensor | IntermediateTensors:
        """Map tokens [T] at ``positions`` [T] to hidden states [T, H]; see ``DecoderModel``."""
        return self.model(input_ids, positions, intermediate_tensors, inputs_embeds)

    def compute_logits(self, hidden_states: torch.Tensor) -> torch.Tensor | None:
        """Map the hidden states [N, H] to sample from to logits [N, V].

        Under tensor parallelism vLLM may gather them on the first worker alone: None elsewhere.
        """
        return self.logits_processor(self.lm_head, hidden_states)

    def load_weights(self, weights: Iterable[tuple[str, torch.Tensor]]) -> set[str]:
        """Copy a checkpoint into this worker's parameters and return the names of those it filled.

        ``weights`` yields names and whole tensors; each parameter's own loader takes the part that
        belongs to this worker. Raises ValueError for a weight that has no place here, and for a
        parameter that no weight fills.
        """
        return load_completely(self, weights, self.place_weights)

    def place_weights(self, weights: Iterable[tuple[str, torch.Tensor]]) -> set[str]:
        """Copy what fits, and return what was filled; ``load_completely`` looks at the rest."""
        if self.config.tie_word_embeddings:
            # Some checkpoints hold it all the same; it is the embedding's own tensor here.
            weights = (pair for pair in weights if not pair[0].startswith("lm_head."))
        return AutoWeightsLoader(self).load_weights(weights, mapper=STACKED_WEIGHTS)
