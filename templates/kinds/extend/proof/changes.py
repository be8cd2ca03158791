"""What an author changes here to give the model QK-norm and biases, and what goes wrong there."""

from changes import (
    AFTER_ROPE,
    ATTENTION,
    DEFAULT_EPSILON,
    LOGPROBS,
    MODEL,
    NO_BIASES,
    SWAPPED,
    TOKENS,
    UNUSED,
)
from shared.edits import Edit, Mistake

EDITS = [
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
MISTAKES = {
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
