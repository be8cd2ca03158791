"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

REGISTRY, REQUEST = "lora/resolver.py", "lora/request.py"
BREAKS = {
    "a LoRA resolver's first registration stays": (
        REGISTRY,
        "        self.resolvers[resolver_name] = resolver\n",
        "        self.resolvers.setdefault(resolver_name, resolver)\n",
        ["of_two_lora_resolvers_with_one_name_the_later_counts_and_is_warned_of"],
    ),
    "a LoRA resolver that replaces another is logged at INFO": (
        REGISTRY,
        "logger.warning(",
        "logger.info(",
        ["of_two_lora_resolvers_with_one_name_the_later_counts_and_is_warned_of"],
    ),
    "the names of LoRA resolvers are a copy": (
        REGISTRY,
        "return self.resolvers.keys()",
        "return list(self.resolvers)",
        ["a_lora_resolver_is_kept_as_the_object_that_was_registered"],
    ),
    "an unknown LoRA resolver is None": (
        REGISTRY,
        "if resolver_name not in self.resolvers:\n            known",
        "if resolver_name not in self.resolvers:\n            return None\n            known",
        ["a_lora_resolver_that_nobody_has_registered_is_a_key_error"],
    ),
    "only a LoRAResolver is a LoRA resolver": (
        REGISTRY,
        "        if resolver_name in self.resolvers:\n",
        "        assert isinstance(resolver, LoRAResolver)\n        if resolver_name in self.resolvers:\n",
        ["any_object_is_registered_as_a_lora_resolver"],
    ),
    "a LoRA resolver needs no method": (
        REGISTRY,
        "    @abstractmethod\n",
        "",
        ["a_lora_resolver_without_resolve_lora_cannot_be_made"],
    ),
    "any number is the id of an adapter": (
        REQUEST,
        "if self.lora_int_id < 1:",
        "if False:",
        ["an_adapter_needs_an_id_above_zero_and_a_path"],
    ),
    "adapters of one name differ": (
        REQUEST,
        "self.lora_name == other.lora_name",
        "self is other",
        ["adapters_of_one_name_are_equal_whatever_else_they_have"],
    ),
}
