"""vLLM's registry of layers in place of its own, as the tests need it."""

from vllm.model_executor import custom_op


class Layers:
    # A class of another plugin.
    rivals = ("Other",)
    # vLLM takes the class, and no name of one.
    lazy = False

    def names(self) -> set[str]:
        return set(custom_op.op_registry_oot)

    def forget(self, monkeypatch, name: str) -> None:
        monkeypatch.delitem(custom_op.op_registry_oot, name, raising=False)

    def take(self, name: str, rival: str) -> str:
        """Give a name to a rival, and return the class that has it then."""
        other = type(rival, (custom_op.CustomOp,), {"__module__": __name__})
        custom_op.CustomOp.register_oot(other, name=name)
        return f"{__name__}:{rival}"

    def break_it(self, monkeypatch, failing) -> None:
        for base in (custom_op.CustomOp, custom_op.PluggableLayer):
            monkeypatch.setattr(base, "register_oot", failing)


REGISTRIES = {"layer": Layers()}
