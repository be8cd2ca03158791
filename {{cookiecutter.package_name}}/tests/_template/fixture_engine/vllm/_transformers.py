"""Stands for ``transformers`` 5, only where that is missing: the registry of config classes.

Leaves out reading and checking of values, the Hub, and what is special about each class.
"""

from vllm._lacking import lack

# A package, so that the import of a submodule is seen, and says what is lacking.
__path__: list[str] = []


class PreTrainedConfig:
    """A ``config.json``: annotated class attributes are defaults, keywords go over them."""

    model_type: str = ""

    def __init__(self, **kwargs):
        vars(self).update(kwargs)


class LlamaConfig(PreTrainedConfig):
    model_type = "llama"


def __getattr__(name: str) -> type:
    """Return a config class of whatever name: a plugin extends that of any model."""
    if name.startswith("__"):
        raise AttributeError(name)
    if not name.endswith("Config"):
        raise lack(f"transformers.{name}")
    return globals().setdefault(name, type(name, (PreTrainedConfig,), {}))


class _ConfigMapping(dict):
    """From model type to config class; ``_extra_content`` are those that were registered."""

    _extra_content = property(lambda self: self)


CONFIG_MAPPING = _ConfigMapping(llama=LlamaConfig)


class AutoConfig:
    """Registers config classes, and makes configs; ValueError for what does not fit."""

    @staticmethod
    def register(model_type, config, exist_ok=False):
        if config.model_type != model_type:
            raise ValueError(f"config has {config.model_type} and you passed {model_type}")
        # Only a name that comes with transformers is protected: a second call is no error.
        if model_type == "llama" and not exist_ok:
            raise ValueError(f"'{model_type}' is already used by a Transformers config")
        CONFIG_MAPPING[model_type] = config

    @staticmethod
    def for_model(model_type, **kwargs):
        if model_type not in CONFIG_MAPPING:
            raise ValueError(f"Transformers does not recognize this architecture: {model_type}")
        return CONFIG_MAPPING[model_type](**kwargs)
