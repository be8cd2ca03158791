"""vLLM's registry of LoRA resolvers, as the tests need it."""

from vllm.lora.resolver import LoRAResolver, LoRAResolverRegistry


class Other(LoRAResolver):
    """The resolver of another plugin."""

    async def resolve_lora(self, base_model_name, lora_name):
        return None


class LoRAResolvers:
    rivals = ("Other",)
    # vLLM takes an object.
    lazy = False

    def names(self) -> set[str]:
        return set(LoRAResolverRegistry.get_supported_resolvers())

    def forget(self, monkeypatch, name: str) -> None:
        others = {key: of for key, of in LoRAResolverRegistry.resolvers.items() if key != name}
        # A copy, so that what a test registers is gone after it.
        monkeypatch.setattr(LoRAResolverRegistry, "resolvers", others)

    def take(self, name: str, rival: str) -> str:
        """Give a name to a rival, and return what has it then."""
        LoRAResolverRegistry.register_resolver(name, Other())
        return f"{__name__}:{rival}"

    def break_it(self, monkeypatch, failing) -> None:
        monkeypatch.setattr(LoRAResolverRegistry, "register_resolver", failing)


REGISTRIES = {"lora_resolver": LoRAResolvers()}
