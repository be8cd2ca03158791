"""The HF config class: what config.json may say about this model, and the defaults."""

from transformers import LlavaConfig

from .about import MODEL_TYPE


class Config(LlavaConfig):
    """LLaVA's config with one more setting.

    ``image_scale`` is what the embeddings of an image are multiplied by, before the language model.
    """

    model_type = MODEL_TYPE

    image_scale: float = 1.0
