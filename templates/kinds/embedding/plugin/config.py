"""The HF config class: what config.json may say about this model, and the defaults."""

from transformers import LlamaConfig

from ._settings import KnownSettings


class Config(KnownSettings, LlamaConfig):
    """Llama's config under this plugin's ``model_type``; add the settings of your own here.

    A config.json that sets anything else is refused.
    """

    model_type = "{{ cookiecutter.registered_name }}"
    # Settings that a config.json may hold, and that change nothing when the model runs.
    HARMLESS = ()
