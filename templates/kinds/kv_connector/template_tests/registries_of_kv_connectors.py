"""vLLM's registry of KV connectors, as the tests need it."""

from vllm.distributed.kv_transfer.kv_connector.factory import KVConnectorFactory


class KVConnectors:
    # A class of vLLM's own, and one of another plugin.
    rivals = ("vllm.distributed.kv_transfer.kv_connector.v1.example_connector:Example", "a:B")
    lazy = True

    def names(self) -> set[str]:
        return set(KVConnectorFactory._registry)

    def forget(self, monkeypatch, name: str) -> None:
        monkeypatch.delitem(KVConnectorFactory._registry, name, raising=False)

    def take(self, name: str, rival: str) -> str:
        """Give a name to a rival, and return the class that has it then."""
        KVConnectorFactory.register_connector(name, *rival.split(":"))
        return rival

    def break_it(self, monkeypatch, failing) -> None:
        monkeypatch.setattr(KVConnectorFactory, "register_connector", failing)


REGISTRIES = {"kv_connector": KVConnectors()}
