"""The HF config class: what config.json may say about this model, and the defaults."""

from transformers import LlamaConfig

from ._settings import KnownSettings


class Config(KnownSettings, LlamaConfig):
    """Llama's config with one more setting. A config.json that sets anything else is refused.

    ``suppressed_token_ids`` lists the tokens that the model never generates.
    """

    model_type = "{{ cookiecutter.registered_name }}"
    # Settings that a config.json may hold, and that change nothing when the model runs.
    HARMLESS = ()

    suppressed_token_ids: list[int] | None = None

    def __post_init__(self, **others):
        if self.suppressed_token_ids is None:
            self.suppressed_token_ids = []
        super().__post_init__(**others)
