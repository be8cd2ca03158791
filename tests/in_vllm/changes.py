"""The changes of an author that several kinds of model have in common.

proof/changes.py of each kind has EDITS, which a reader of its README makes to give the model QK-norm
and biases, and MISTAKES, which are further edits. ``test_authors_change.py`` makes them.
"""

import runpy

from shared.edits import Edit, Mistake
from shared.rendering import TEMPLATES

REFERENCE, CONFIG, MODEL = "tests/reference.py", "config.py", "model.py"
# How a mistake shows: by a test of tests/test_model.py that fails, or by what a refusal names.
TOKENS = "test_tokens_are_those_of_hugging_face"
LOGPROBS = "test_logprobs_are_those_of_hugging_face"
VECTORS = "test_vectors_are_those_of_hugging_face"


def changes_of(kind: str) -> tuple[list[Edit], dict[str, Mistake]]:
    """Return the edits and the mistakes, by what each is, of a kind of model."""
    stated = runpy.run_path(str(TEMPLATES / "kinds" / kind / "proof" / "changes.py"))
    return stated["EDITS"], stated["MISTAKES"]


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
NO_BIASES = Edit(
    MODEL,
    "        super().__init__(config, **options)\n",
    '        super().__init__(config, **options | {"bias": False})\n',
)
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
