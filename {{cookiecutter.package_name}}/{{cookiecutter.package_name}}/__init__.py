"""A vLLM plugin: vLLM calls ``register()`` in every process that it starts, before it works.

vLLM imports this package even to serve a model that has nothing to do with it. So importing it
must be cheap and harmless: vLLM, torch and transformers are imported inside functions only.
"""

from ._safety import attempt, owner_of, warn_if_untested, warn_of_owner
from .about import ARCHITECTURE, MODEL_TYPE


def register() -> None:
    """Make this plugin's model known to vLLM. This function is the entry point's plugin value.

    Safe in any process, any number of times. Raises nothing, unless ``attempt`` is told to.
    """
    attempt(warn_if_untested)
    attempt(register_architecture)
    attempt(register_config)


def register_architecture() -> None:
    """Register the model class for its architecture, unless somebody else has that name."""
    from vllm import ModelRegistry

    # A string and not the class: so vLLM imports model.py only in the processes that need it. The
    # class would bring torch into all of them, and a forked process cannot start CUDA again.
    model_class = f"{__name__}.model:{ARCHITECTURE}"
    if ARCHITECTURE not in ModelRegistry.get_supported_archs():
        ModelRegistry.register_model(ARCHITECTURE, model_class)
    elif (owner := owner_of(ModelRegistry.models[ARCHITECTURE])) != model_class:
        warn_of_owner("architecture", ARCHITECTURE, owner, "about.py, model.py")


def register_config() -> None:
    """Register the HF config class for its model_type, unless somebody else has that name."""
    from transformers import CONFIG_MAPPING, AutoConfig

    from .config import Config

    if MODEL_TYPE not in CONFIG_MAPPING:
        AutoConfig.register(MODEL_TYPE, Config)
    elif (owner := CONFIG_MAPPING[MODEL_TYPE]) is not Config:
        name = f"{owner.__module__}:{owner.__name__}"
        warn_of_owner("model_type", MODEL_TYPE, name, "about.py")
