"""The HF config class: what config.json may say about this model, and the defaults."""

from transformers import LlamaConfig

from .about import MODEL_TYPE


class Config(LlamaConfig):
    """Llama's config under this plugin's ``model_type``; add the settings of your own here."""

    model_type = MODEL_TYPE
