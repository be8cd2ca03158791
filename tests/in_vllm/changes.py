"""What authors change to give a rendered plugin QK-norm and biases, and what they get wrong.

For each kind: the edits that a reader of its README makes, and mistakes, which are further edits.
``test_authors_change.py`` makes them.
"""

from pathlib import Path
from typing import NamedTuple

REFERENCE, CONFIG, MODEL = "tests/reference.py", "config.py", "model.py"
# How a mistake shows: by a test of tests/test_model.py that fails, or by what a refusal names.
TOKENS = "test_tokens_are_those_of_hugging_face"
LOGPROBS = "test_logprobs_are_those_of_hugging_face"
VECTORS = "test_vectors_are_those_of_hugging_face"


class Edit(NamedTuple):
    """What to put in place of what, in which file of the tests or of the package."""

    file: str
    old: str
    new: str


class Mistake(NamedTuple):
    edits: list[Edit]
    seen: str


def apply(edits: list[Edit], project: Path) -> None:
    """Make edits in a rendered project; raise ValueError for one that does not fit exactly once."""
    for edit in edits:
        folder = project if edit.file.startswith("tests/") else project / project.name
        text = (folder / edit.file).read_text()
        if text.count(edit.old) != 1:
            raise ValueError(f"{edit.file} holds {text.count(edit.old)} times:\n{edit.old}")
        (folder / edit.file).write_text(text.replace(edit.old, edit.new))


QWEN3 = Edit(
    REFERENCE,
    '"model_type": "llama",',
    '"model_type": "qwen3", "attention_bias": True,',
)
HARMLESS = Edit(CONFIG, "    HARMLESS = (", '    HARMLESS = ("max_window_layers", ')
SWAPPED = Edit(
    MODEL,
    """\
        query = self.q_norm(query.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        key = self.k_norm(key.unflatten(-1, (-1, self.head_dim))).flatten(-2)
""",
    """\
        query = self.k_norm(query.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        key = self.q_norm(key.unflatten(-1, (-1, self.head_dim))).flatten(-2)
""",
)
UNUSED = Edit(MODEL, "        key = self.k_norm(", "        self.k_norm(")
AFTER_ROPE = Edit(
    MODEL,
    """\
        query = self.q_norm(query.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        key = self.k_norm(key.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        query, key = self.rotary_emb(positions, query, key)
""",
    """\
        query, key = self.rotary_emb(positions, query, key)
        query = self.q_norm(query.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        key = self.k_norm(key.unflatten(-1, (-1, self.head_dim))).flatten(-2)
""",
)
DEFAULT_EPSILON = Edit(
    MODEL,
    "self.k_norm = RMSNorm(self.head_dim, eps=config.rms_norm_eps)",
    "self.k_norm = RMSNorm(self.head_dim)",
)

DECODER = [
    QWEN3,
    HARMLESS,
    Edit(
        CONFIG,
        "    rms_norm_eps: float = 1e-6\n",
        "    rms_norm_eps: float = 1e-6\n    attention_bias: bool = False\n",
    ),
    Edit(
        MODEL,
        """\
            total_num_kv_heads=config.num_key_value_heads,
            bias=False,
""",
        """\
            total_num_kv_heads=config.num_key_value_heads,
            bias=config.attention_bias,
""",
    ),
    Edit(
        MODEL,
        """\
            input_size=config.num_attention_heads * config.head_dim,
            output_size=config.hidden_size,
            bias=False,
""",
        """\
            input_size=config.num_attention_heads * config.head_dim,
            output_size=config.hidden_size,
            bias=config.attention_bias,
""",
    ),
    Edit(
        MODEL,
        "        # By keyword: the positional order of get_rope has changed",
        """\
        self.head_dim = config.head_dim
        self.q_norm = RMSNorm(self.head_dim, eps=config.rms_norm_eps)
        self.k_norm = RMSNorm(self.head_dim, eps=config.rms_norm_eps)
        # By keyword: the positional order of get_rope has changed""",
    ),
    Edit(
        MODEL,
        "        query, key = self.rotary_emb(positions, query, key)\n",
        """\
        query = self.q_norm(query.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        key = self.k_norm(key.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        query, key = self.rotary_emb(positions, query, key)
""",
    ),
]
DECODER_MISTAKES = {
    "q_norm and k_norm swapped": Mistake([SWAPPED], TOKENS),
    "the norm of the keys unused": Mistake([UNUSED], TOKENS),
    "QK-norm after RoPE": Mistake([AFTER_ROPE], TOKENS),
    "the layer's two norms swapped": Mistake(
        [
            Edit(
                MODEL,
                """\
            hidden_states = self.input_layernorm(hidden_states)
        else:
            hidden_states, residual = self.input_layernorm(hidden_states, residual)
        hidden_states = self.self_attn(positions, hidden_states)
        hidden_states, residual = self.post_attention_layernorm(hidden_states, residual)
""",
                """\
            hidden_states = self.post_attention_layernorm(hidden_states)
        else:
            hidden_states, residual = self.post_attention_layernorm(hidden_states, residual)
        hidden_states = self.self_attn(positions, hidden_states)
        hidden_states, residual = self.input_layernorm(hidden_states, residual)
""",
            )
        ],
        TOKENS,
    ),
    "a norm's epsilon left at its default": Mistake([DEFAULT_EPSILON], LOGPROBS),
    "RoPE's base not read": Mistake(
        [
            Edit(
                MODEL,
                "rope_parameters=config.rope_parameters,",
                'rope_parameters={"rope_type": "default", "rope_theta": 10000.0},',
            )
        ],
        TOKENS,
    ),
    "no biases of queries, keys and values": Mistake(
        [
            Edit(
                MODEL,
                """\
            total_num_kv_heads=config.num_key_value_heads,
            bias=config.attention_bias,
""",
                """\
            total_num_kv_heads=config.num_key_value_heads,
            bias=False,
""",
            )
        ],
        "holds model.layers.0.self_attn.k_proj.bias",
    ),
    "no bias of the output": Mistake(
        [
            Edit(
                MODEL,
                """\
            output_size=config.hidden_size,
            bias=config.attention_bias,
""",
                """\
            output_size=config.hidden_size,
            bias=False,
""",
            )
        ],
        "holds model.layers.0.self_attn.o_proj.bias",
    ),
}

# vLLM's Llama with another attention; it reads attention_bias itself.
ATTENTION = [
    QWEN3,
    HARMLESS,
    Edit(
        MODEL,
        "from collections.abc import Iterable\n",
        "from collections.abc import Iterable\nfrom functools import partial\n",
    ),
    Edit(
        MODEL,
        "from ._weights import load_completely\n",
        '''\
from ._weights import load_completely


class QKNormAttention(LlamaAttention):
    """Llama's attention, with a norm of each head's query and key before RoPE."""

    def __init__(self, config, **options) -> None:
        super().__init__(config, **options)
        self.q_norm = RMSNorm(self.head_dim, eps=config.rms_norm_eps)
        self.k_norm = RMSNorm(self.head_dim, eps=config.rms_norm_eps)

    def forward(self, positions: torch.Tensor, hidden_states: torch.Tensor) -> torch.Tensor:
        qkv, _ = self.qkv_proj(hidden_states)
        query, key, value = qkv.split([self.q_size, self.kv_size, self.kv_size], dim=-1)
        query = self.q_norm(query.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        key = self.k_norm(key.unflatten(-1, (-1, self.head_dim))).flatten(-2)
        query, key = self.rotary_emb(positions, query, key)
        output, _ = self.o_proj(self.attn(query, key, value))
        return output
''',
    ),
]
EXTEND = [
    *ATTENTION,
    Edit(
        MODEL,
        "from vllm.model_executor.models.llama import LlamaForCausalLM\n",
        """\
from vllm.model_executor.layers.layernorm import RMSNorm
from vllm.model_executor.models.llama import (
    LlamaAttention,
    LlamaDecoderLayer,
    LlamaForCausalLM,
)
""",
    ),
    Edit(
        MODEL,
        "        super().__init__(vllm_config=vllm_config, prefix=prefix)\n",
        """\
        layer_type = partial(LlamaDecoderLayer, attn_layer_type=QKNormAttention)
        super().__init__(vllm_config=vllm_config, prefix=prefix, layer_type=layer_type)
""",
    ),
]
EMBEDDING = [
    *ATTENTION,
    Edit(
        MODEL,
        "from vllm.model_executor.layers.pooler import DispatchPooler\n",
        """\
from vllm.model_executor.layers.layernorm import RMSNorm
from vllm.model_executor.layers.pooler import DispatchPooler
""",
    ),
    Edit(
        MODEL,
        "from vllm.model_executor.models.llama import LlamaModel\n",
        "from vllm.model_executor.models.llama import LlamaAttention, LlamaDecoderLayer, LlamaModel\n",
    ),
    Edit(
        MODEL,
        """\
        self.model = LlamaModel(vllm_config=vllm_config, prefix=maybe_prefix(prefix, "model"))
""",
        """\
        self.model = LlamaModel(
            vllm_config=vllm_config,
            prefix=maybe_prefix(prefix, "model"),
            layer_type=partial(LlamaDecoderLayer, attn_layer_type=QKNormAttention),
        )
""",
    ),
]
NO_BIASES = Edit(
    MODEL,
    "        super().__init__(config, **options)\n",
    '        super().__init__(config, **options | {"bias": False})\n',
)
EXTEND_MISTAKES = {
    "q_norm and k_norm swapped": Mistake([SWAPPED], TOKENS),
    "the norm of the keys unused": Mistake([UNUSED], TOKENS),
    "QK-norm after RoPE": Mistake([AFTER_ROPE], TOKENS),
    "a norm's epsilon left at its default": Mistake([DEFAULT_EPSILON], LOGPROBS),
    "the biases left out": Mistake([NO_BIASES], "holds model.layers.0.self_attn.k_proj.bias"),
    "the attention written and not used": Mistake(
        [Edit(MODEL, "attn_layer_type=QKNormAttention", "attn_layer_type=LlamaAttention")],
        "layers.0.self_attn.k_norm",
    ),
    "tokens made unlikely and not impossible": Mistake(
        [Edit(MODEL, 'float("-inf")', "0.0")], LOGPROBS
    ),
}
EMBEDDING_MISTAKES = {
    "q_norm and k_norm swapped": Mistake([SWAPPED], VECTORS),
    "the norm of the keys unused": Mistake([UNUSED], VECTORS),
    "QK-norm after RoPE": Mistake([AFTER_ROPE], VECTORS),
    "a norm's epsilon left at its default": Mistake([DEFAULT_EPSILON], VECTORS),
    "the last token's vector and not the mean": Mistake(
        [Edit(MODEL, 'seq_pooling_type="MEAN"', 'seq_pooling_type="LAST"')], VECTORS
    ),
    "vectors of the layer before the last": Mistake(
        [
            Edit(
                MODEL,
                "        self.pooler = DispatchPooler",
                "        self.model.end_layer -= 1\n        self.pooler = DispatchPooler",
            )
        ],
        VECTORS,
    ),
    "the biases left out": Mistake([NO_BIASES], "holds model.layers.0.self_attn.k_proj.bias"),
}

# vLLM's LLaVA takes any language model; its Qwen3 has no bias of the output projection.
MULTIMODAL = [
    Edit(
        REFERENCE,
        '"model_type": "llama",',
        '"model_type": "qwen3", "attention_bias": True,',
    ),
    Edit(
        MODEL,
        "import torch\n",
        """\
import torch
from vllm.config import VllmConfig
from vllm.model_executor.layers.linear import RowParallelLinear
""",
    ),
    Edit(
        MODEL,
        "    def embed_multimodal(",
        """\
    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__(vllm_config=vllm_config, prefix=prefix)
        config, language_model = self.config.text_config, self.language_model.model
        for number in range(language_model.start_layer, language_model.end_layer):
            language_model.layers[number].self_attn.o_proj = RowParallelLinear(
                input_size=config.num_attention_heads * config.head_dim,
                output_size=config.hidden_size,
                bias=config.attention_bias,
                quant_config=vllm_config.quant_config,
                prefix=f"language_model.model.layers.{number}.self_attn.o_proj",
            )

    def embed_multimodal(""",
    ),
]


def weights_swapped(first: str, second: str) -> list[Edit]:
    """Take the weights of two modules for one another's, in a multimodal model."""
    line = "        # transformers 5 leaves out a level of these names."
    swap = f"""\
        other = {{"{first}": "{second}", "{second}": "{first}"}}
        weights = (
            (".".join(other.get(part, part) for part in name.split(".")), weight)
            for name, weight in weights
        )
"""
    return [Edit(MODEL, line, swap + line)]


MULTIMODAL_MISTAKES = {
    "images of the wrong sign": Mistake(
        [Edit(MODEL, "image * scale", "image * abs(scale)")],
        TOKENS,
    ),
    "features of another layer of the encoder": Mistake(
        [
            Edit(
                MODEL,
                "        super().__init__(vllm_config=vllm_config, prefix=prefix)\n",
                """\
        vllm_config.model_config.hf_config.vision_feature_layer = -3
        super().__init__(vllm_config=vllm_config, prefix=prefix)
""",
            )
        ],
        TOKENS,
    ),
    "q_norm and k_norm swapped": Mistake(weights_swapped("q_norm", "k_norm"), TOKENS),
    "the layer's two norms swapped": Mistake(
        weights_swapped("input_layernorm", "post_attention_layernorm"), TOKENS
    ),
    "the bias of the output left out": Mistake(
        [Edit(MODEL, "bias=config.attention_bias,", "bias=False,")],
        "layers.0.self_attn.o_proj.bias",
    ),
    "the projector's bias dropped": Mistake(
        [
            Edit(
                MODEL,
                'if not name.endswith("embeddings.position_ids")',
                'if not name.endswith(("embeddings.position_ids", "linear_2.bias"))',
            )
        ],
        "lacks multi_modal_projector.linear_2.bias",
    ),
}
CHANGES = {
    "decoder": (DECODER, DECODER_MISTAKES),
    "extend": (EXTEND, EXTEND_MISTAKES),
    "embedding": (EMBEDDING, EMBEDDING_MISTAKES),
    "multimodal": (MULTIMODAL, MULTIMODAL_MISTAKES),
}
