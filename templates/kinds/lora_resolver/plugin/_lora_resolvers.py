"""Registers LoRA resolvers, and says who owns a name. No need to edit it."""

from importlib import import_module

from ._safety import class_path, warn_of_owner


def register_lora_resolver(name: str, reference: str) -> None:
    """Register an object of "module:Class" in this package, unless somebody else has the name."""
    from vllm.lora.resolver import LoRAResolverRegistry

    owner = owner_of_lora_resolver(name)
    # vLLM itself would let the last registration win, with a warning each time.
    if owner is None:
        # vLLM takes the object, not a name. So its module is imported in every process.
        module, _, class_name = reference.partition(":")
        resolver = getattr(import_module(f".{module}", __package__), class_name)()
        LoRAResolverRegistry.register_resolver(name, resolver)
    elif owner != f"{__package__}.{reference}":
        warn_of_owner("lora_resolver", name, owner, "about.py")


def owner_of_lora_resolver(name: str) -> str | None:
    """Return "package.module:Class" of the LoRA resolver that vLLM would ask, or None."""
    from vllm.lora.resolver import LoRAResolverRegistry

    resolver = LoRAResolverRegistry.resolvers.get(name)
    return None if resolver is None else class_path(type(resolver))
