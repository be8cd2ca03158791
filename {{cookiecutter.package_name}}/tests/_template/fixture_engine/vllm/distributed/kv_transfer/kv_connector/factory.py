"""Stands for ``vllm.distributed.kv_transfer.kv_connector.factory``: from a name to a connector.

Leaves out vLLM's own connectors, of which it has one name, and those that are made of others."""

import importlib
import inspect

from vllm._lacking import lacking_in
from vllm.distributed.kv_transfer.kv_connector.v1.base import supports_hma

__getattr__ = lacking_in(__name__)


class KVConnectorFactory:
    _registry: dict = {}

    @classmethod
    def register_connector(cls, name: str, module_path: str, class_name: str) -> None:
        """Register a class that is imported when it is asked for; ValueError if the name is taken."""
        if name in cls._registry:
            raise ValueError(f"Connector '{name}' is already registered.")

        def loader():
            return getattr(importlib.import_module(module_path), class_name)

        cls._registry[name] = loader

    @classmethod
    def get_connector_class_by_name(cls, connector_name: str) -> type:
        if connector_name not in cls._registry:
            raise ValueError(f"Connector '{connector_name}' is not registered.")
        return cls._registry[connector_name]()

    @classmethod
    def get_connector_class(cls, kv_transfer_config) -> type:
        """Return the class of a configuration. What has a module path is not looked up by its name."""
        name, path = kv_transfer_config.kv_connector, kv_transfer_config.kv_connector_module_path
        if path:
            found = getattr(importlib.import_module(path), name, None)
            if found is None:
                raise AttributeError(f"Class {name} not found in {path}")
            if "kv_cache_config" not in inspect.signature(found).parameters:
                raise ValueError(f"Connector {name} uses deprecated 2-argument constructor")
            return found
        if name not in cls._registry:
            raise ValueError(f"Unsupported connector type: {name}")
        return cls._registry[name]()

    @classmethod
    def create_connector(cls, config, role, kv_cache_config):
        """Make a connector for one role; ValueError if it lacks what the cache of the model needs."""
        found = cls.get_connector_class(config.kv_transfer_config)
        hybrid = not config.scheduler_config.disable_hybrid_kv_cache_manager
        if hybrid and not supports_hma(found):
            raise ValueError(f"Connector {found.__name__} does not support HMA but HMA is enabled.")
        return found(config, role, kv_cache_config)


KVConnectorFactory.register_connector(
    "ExampleConnector",
    "vllm.distributed.kv_transfer.kv_connector.v1.example_connector",
    "ExampleConnector",
)
