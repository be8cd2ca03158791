"""The model in Hugging Face that this plugin's model must equal, made small. Yours to change."""

from transformers import AutoModelForImageTextToText, CLIPImageProcessor, LlavaProcessor

from {{ cookiecutter.package_name }} import about

MODEL_CLASS = AutoModelForImageTextToText
# Its config.json, which also says which models it is made of. Small, but nothing is equal by chance:
# fewer KV heads than heads, heads that together are wider than the hidden state, a RoPE base and an
# epsilon that are no defaults, and weights so large that another image gives other tokens.
CONFIG = {
    "model_type": {{ cookiecutter | reference_type("llava") }},
    "text_config": {
        "model_type": "llama",
        "vocab_size": 258,
        "hidden_size": 96,
        "intermediate_size": 192,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "max_position_embeddings": 128,
        "rms_norm_eps": 0.1,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5000.0},
        "initializer_range": 0.15,
        "bos_token_id": None,
        "eos_token_id": 256,
    },
    "vision_config": {
        "model_type": "clip_vision_model",
        "hidden_size": 64,
        "intermediate_size": 80,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
        "initializer_factor": 8.0,
    },
    "image_token_index": 257,
    "tie_word_embeddings": False,
}
# What the plugin's own config.json says instead, and in addition.
NAMES = {
    "architectures": [next(iter(about.ARCHITECTURES))],
    "model_type": next(iter(about.MODEL_TYPES)),
}
PROMPTS = ["<image>", "<image> is a", "Before <image> and after"]


def make_processor(tokenizer):
    """Return what turns a prompt and images of 28 x 28 pixels, four patches, into inputs."""
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    sides = {"height": 28, "width": 28}
    return LlavaProcessor(
        image_processor=CLIPImageProcessor(size={"shortest_edge": 28}, crop_size=sides),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )
