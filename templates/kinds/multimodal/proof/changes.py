"""What an author changes here to give the model QK-norm and biases, and what goes wrong there."""

from changes import MODEL, REFERENCE, TOKENS
from shared.edits import Edit, Mistake


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


# vLLM's LLaVA takes any language model; its Qwen3 has no bias of the output projection.
EDITS = [
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
MISTAKES = {
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
