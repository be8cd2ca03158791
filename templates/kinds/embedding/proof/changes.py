"""What an author changes here to give the model QK-norm and biases, and what goes wrong there."""

from changes import (
    AFTER_ROPE,
    ATTENTION,
    DEFAULT_EPSILON,
    MODEL,
    NO_BIASES,
    SWAPPED,
    UNUSED,
    VECTORS,
)
from shared.edits import Edit, Mistake

EDITS = [
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
MISTAKES = {
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
