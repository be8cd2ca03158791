"""The HF config class: what config.json may say about this model, and the defaults."""

from transformers import PreTrainedConfig

from ._settings import KnownSettings


class Config(KnownSettings, PreTrainedConfig):
    """Sizes and settings of the decoder, with the names and defaults of Llama's config.json.

    ``num_key_value_heads`` defaults to ``num_attention_heads`` and ``head_dim`` to
    ``hidden_size // num_attention_heads``. ``rope_parameters`` also accepts the older pair
    ``rope_theta`` and ``rope_scaling``. A config.json that sets anything else is refused.
    """

    model_type = "{{ cookiecutter.registered_name }}"
    # Settings that a config.json may hold, and that change nothing when the model runs.
    HARMLESS = ("attention_dropout", "initializer_range", "pretraining_tp")

    # What model.py implements. transformers makes a dataclass of every config class: each annotated
    # name is a field with a default, and __post_init__ runs after they are set from config.json.
    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    hidden_act: str = "silu"
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6
    rope_parameters: dict | None = None
    tie_word_embeddings: bool = False
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    pad_token_id: int | None = None

    def __post_init__(self, **others):
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        if self.head_dim is None:
            self.head_dim = self.hidden_size // self.num_attention_heads
        super().__post_init__(**others)
