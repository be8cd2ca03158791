"""The HF config class: what config.json may say about this model, and the defaults."""

from transformers import LlamaConfig

from .about import MODEL_TYPE


class Config(LlamaConfig):
    """Llama's config with one more setting.

    ``suppressed_token_ids`` lists the tokens that the model never generates.
    """

    model_type = MODEL_TYPE

    suppressed_token_ids: list[int] | None = None

    def __post_init__(self, **kwargs):
        if self.suppressed_token_ids is None:
            self.suppressed_token_ids = []
        super().__post_init__(**kwargs)
