"""Registers KV connectors, and says who owns a name. No need to edit it."""

import inspect
from typing import Any

from ._safety import warn_of_owner


def register_kv_connector(name: str, reference: str) -> None:
    """Register a connector, "module:Class" in this package, unless somebody else has the name."""
    from vllm.distributed.kv_transfer.kv_connector.factory import KVConnectorFactory

    module, _, class_name = reference.partition(":")
    mine = f"{__package__}.{reference}"
    if owner_of_kv_connector(name) is None:
        try:
            # By name and not as a class: only the processes that use it import it.
            KVConnectorFactory.register_connector(name, f"{__package__}.{module}", class_name)
        except ValueError:
            # vLLM refuses a second registration: another thread may have been faster.
            if owner_of_kv_connector(name) != mine:
                raise
    elif (owner := owner_of_kv_connector(name)) != mine:
        warn_of_owner("kv_connector", name, owner, "about.py and --kv-transfer-config")


def owner_of_kv_connector(name: str) -> str | None:
    """Return "package.module:Class" of the connector that vLLM would use, or None."""
    from vllm.distributed.kv_transfer.kv_connector.factory import KVConnectorFactory

    if name not in KVConnectorFactory._registry:
        return None
    loader: Any = KVConnectorFactory._registry[name]
    # vLLM keeps a function that imports the class; what it imports can be seen without calling it.
    held = inspect.getclosurevars(loader).nonlocals
    module = held.get("module_path", loader.__module__)
    return f"{module}:{held.get('class_name', loader.__qualname__)}"
