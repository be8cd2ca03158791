"""Stands for ``vllm.lora.resolver``: the registry of what finds adapters, and the base class.

Leaves out the server, which asks each of them, and the two resolvers that come with vLLM."""

from abc import ABC, abstractmethod

from vllm._lacking import lacking_in
from vllm.logger import init_logger

__getattr__ = lacking_in(__name__)
logger = init_logger(__name__)


class LoRAResolver(ABC):
    @abstractmethod
    async def resolve_lora(self, base_model_name, lora_name): ...


class _LoRAResolverRegistry:
    def __init__(self):
        self.resolvers: dict[str, LoRAResolver] = {}

    def get_supported_resolvers(self):
        return self.resolvers.keys()

    def register_resolver(self, resolver_name, resolver):
        """Give an object a name, in place of what had the name before, and ask nothing of it."""
        if resolver_name in self.resolvers:
            fate = "is already registered, and will be overwritten by the new resolver instance"
            logger.warning("LoRA resolver %s %s %s.", resolver_name, fate, resolver)
        self.resolvers[resolver_name] = resolver

    def get_resolver(self, resolver_name):
        """Return the object of a name; KeyError if nobody has registered it."""
        if resolver_name not in self.resolvers:
            known = f"Available resolvers: {list(self.resolvers)}"
            raise KeyError(f"LoRA resolver '{resolver_name}' not found. {known}")
        return self.resolvers[resolver_name]


LoRAResolverRegistry = _LoRAResolverRegistry()
