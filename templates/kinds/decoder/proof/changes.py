"""What an author changes here to give the model QK-norm and biases, and what goes wrong there."""

from changes import (
    AFTER_ROPE,
    CONFIG,
    DEFAULT_EPSILON,
    HARMLESS,
    LOGPROBS,
    MODEL,
    QWEN3,
    SWAPPED,
    TOKENS,
    UNUSED,
)
from shared.edits import Edit, Mistake

EDITS = [
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
MISTAKES = {
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
