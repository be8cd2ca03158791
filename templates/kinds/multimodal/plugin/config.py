"""The HF config class: what config.json may say about this model, and the defaults."""

from transformers import LlavaConfig

from ._settings import KnownSettings


class Config(KnownSettings, LlavaConfig):
    """LLaVA's config with one more setting. A config.json that sets anything else is refused.

    ``image_scale`` is what the embeddings of an image are multiplied by, before the language model.
    """

    model_type = "{{ cookiecutter.registered_name }}"
    # Settings that a config.json may hold, and that change nothing when the model runs.
    HARMLESS = ("dropout", "ignore_index", "vocab_size")

    image_scale: float = 1.0
