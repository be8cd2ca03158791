"""The model in Hugging Face that this plugin's model must equal, made small. Yours to change."""

from transformers import AutoModelForCausalLM

from {{ cookiecutter.package_name }} import about

MODEL_CLASS = AutoModelForCausalLM
# Its config.json, which also says which model it is. Small, but nothing is equal by chance: fewer KV
# heads than heads, heads that together are wider than the hidden state, a RoPE base and an epsilon
# that are no defaults, and weights so large that a wrong position or head changes the tokens.
CONFIG = {
    "model_type": {{ cookiecutter | reference_type("llama") }},
    "vocab_size": 257,
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
}
# What the plugin's own config.json says instead, and in addition.
NAMES = {
    "architectures": [next(iter(about.ARCHITECTURES))],
    "model_type": next(iter(about.MODEL_TYPES)),
}
PROMPTS = ["a", "plugin", "The quick brown fox", "vLLM", "0123456789", "one two", "...", "(x + y)"]


def make_processor(tokenizer):
    """Return what turns a prompt into the model's inputs: here a tokenizer alone."""
    return tokenizer
