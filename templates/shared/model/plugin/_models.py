"""Registers models and their HF config classes, and says who owns a name. No need to edit it."""

import contextlib
from collections import ChainMap
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ._safety import class_path, warn_of_owner


def register_architecture(architecture: str, reference: str) -> None:
    """Register a model class, "module:Class" in this package, unless somebody else has the name."""
    from vllm import ModelRegistry

    # A string and not the class: so vLLM imports the module only in the processes that need it.
    # The class would bring torch into all of them, and a forked process cannot start CUDA again.
    model_class = f"{__package__}.{reference}"
    if architecture not in ModelRegistry.get_supported_archs():
        ModelRegistry.register_model(architecture, model_class)
    elif (owner := owner_of_architecture(architecture)) != model_class:
        places = "about.py, its module and the checkpoint's config.json"
        warn_of_owner("architecture", architecture, owner, places)


def owner_of_architecture(architecture: str) -> str | None:
    """Return "package.module:Class" of the model that vLLM would run, None if there is none."""
    from vllm import ModelRegistry

    entry = ModelRegistry.models.get(architecture)
    if entry is None:
        return None
    # An entry holds either the class, or the two halves of a lazy string.
    model_class = getattr(entry, "model_cls", None)
    return class_path(model_class) if model_class else f"{entry.module_name}:{entry.class_name}"


def register_model_type(model_type: str, reference: str | None) -> None:
    """Register an HF config class, "module:Class" in this package, unless somebody else has the name.

    None stands for a class that transformers or vLLM has.
    """
    if reference is None:
        return
    from transformers import CONFIG_MAPPING, AutoConfig

    module, _, name = reference.partition(":")
    config_class = getattr(import_module(f".{module}", __package__), name)
    if model_type not in CONFIG_MAPPING:
        AutoConfig.register(model_type, config_class)
    elif (owner := CONFIG_MAPPING[model_type]) is not config_class:
        places = "about.py, its config class and the checkpoint's config.json"
        warn_of_owner("model_type", model_type, class_path(owner), places)


def config_class_of(model_type: str) -> Any:
    """Return the HF config class that vLLM would use: its own go before transformers'."""
    from transformers import CONFIG_MAPPING

    configs: Any = None
    # The fixture engine has none, and would note that a test needs more than it has.
    if not find_spec("vllm.fixture"):
        with contextlib.suppress(ImportError):
            configs = import_module("vllm.transformers_utils.config")
    known = ChainMap(getattr(configs, "_CONFIG_REGISTRY", {}), CONFIG_MAPPING)
    return known.get(model_type)


def owner_of_model_type(model_type: str) -> str | None:
    """Return "package.module:Class" of the HF config class that vLLM would use, or None."""
    config_class = config_class_of(model_type)
    return config_class and class_path(config_class)
