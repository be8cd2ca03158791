"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

REGISTRY, NORM = "model_executor/custom_op.py", "model_executor/layers/layernorm.py"
BREAKS = {
    "vLLM's own layer is made all the same": (
        REGISTRY,
        "op_registry_oot.get(cls.__name__, cls)",
        "cls",
        [
            "a_layer_is_made_in_place_of_the_class_whose_name_it_is_registered_for",
            "without_a_name_the_class_that_is_asked_is_replaced",
        ],
    ),
    "every class below is replaced": (
        REGISTRY,
        "op_registry_oot.get(cls.__name__, cls)",
        "next((op_registry_oot[c.__name__] for c in cls.__mro__[:-1]\n"
        "            if c.__name__ in op_registry_oot), cls)",
        ["a_layer_that_was_made_before_and_one_of_another_name_are_not_replaced"],
    ),
    "the name is that of the new class": (
        REGISTRY,
        "replaced = cls.__name__ if name is None else name",
        "replaced = name or replacement.__name__",
        ["without_a_name_the_class_that_is_asked_is_replaced"],
    ),
    "the last layer counts": (
        REGISTRY,
        '            assert replaced not in op_registry_oot, f"Duplicate name: {replaced}"\n',
        "",
        ["a_second_layer_in_one_place_is_refused"],
    ),
    "a layer keeps its name": (
        REGISTRY,
        "            replacement.name = replaced\n",
        "",
        ["a_layer_takes_the_name_of_the_class_in_whose_place_it_stands"],
    ),
    "any class is initialised": (
        REGISTRY,
        "        return super().__new__(op_registry_oot.get(cls.__name__, cls))",
        "        made = super().__new__(op_registry_oot.get(cls.__name__, cls))\n"
        "        type(made).__init__(made, *args, **kwargs)\n        return made",
        ["a_layer_that_does_not_inherit_from_what_it_replaces_is_made_and_not_initialised"],
    ),
    "anything is a layer": (
        REGISTRY,
        "if not isinstance(_decorated, type):",
        "if False:",
        ["only_a_class_can_be_registered_as_a_layer"],
    ),
    "a norm has no method for CUDA": (
        NORM,
        "    def forward_cuda(",
        "    def forward_gpu(",
        ["the_methods_of_a_custom_op_and_of_rms_norm_are_these"],
    ),
    "a norm takes no dtype": (
        NORM,
        "has_weight=True, dtype=None",
        "has_weight=True",
        ["the_methods_of_a_custom_op_and_of_rms_norm_are_these"],
    ),
    "ROCm runs what the compiler sees": (
        REGISTRY,
        "return self.forward_cuda(*args, **kwargs)",
        "return self.forward_native(*args, **kwargs)",
        ["a_platform_without_a_method_of_its_own_runs_another"],
    ),
}
