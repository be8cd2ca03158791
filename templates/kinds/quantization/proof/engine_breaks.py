"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

REGISTRY = "model_executor/layers/quantization/__init__.py"
BASE = "model_executor/layers/quantization/base_config.py"
BREAKS = {
    "a quantization's first registration stays": (
        REGISTRY,
        "        _CUSTOMIZED_METHOD_TO_QUANT_CONFIG[quantization] = config_class\n",
        "        _CUSTOMIZED_METHOD_TO_QUANT_CONFIG.setdefault(quantization, config_class)\n",
        ["of_two_quantizations_with_one_name_the_later_counts_and_is_logged_at_debug"],
    ),
    "a quantization that replaces another is logged at INFO": (
        REGISTRY,
        "logger.debug(",
        "logger.info(",
        ["of_two_quantizations_with_one_name_the_later_counts_and_is_logged_at_debug"],
    ),
    "a quantization of vLLM's own is protected": (
        REGISTRY,
        "        if quantization in QUANTIZATION_METHODS:\n",
        "        if quantization in get_args(QuantizationMethods):\n            return config_class\n"
        "        if quantization in QUANTIZATION_METHODS:\n",
        ["a_quantization_of_vllms_own_is_replaced_and_its_name_is_there_once"],
    ),
    "a name is added again": (
        REGISTRY,
        "        else:\n            QUANTIZATION_METHODS.append(quantization)",
        "        QUANTIZATION_METHODS.append(quantization)",
        ["a_quantization_of_vllms_own_is_replaced_and_its_name_is_there_once"],
    ),
    "any class is a quantization": (
        REGISTRY,
        "if not issubclass(config_class, QuantizationConfig):",
        "if False:",
        ["a_quantization_of_another_base_class_is_refused"],
    ),
    "an unknown quantization is a key error": (
        REGISTRY,
        "if quantization not in QUANTIZATION_METHODS:",
        "if False:",
        ["a_quantization_that_nobody_has_registered_is_a_value_error"],
    ),
    "the decorator returns nothing": (
        REGISTRY,
        "        return config_class\n",
        "        return None\n",
        ["a_quantization_is_registered_as_a_class_under_a_name"],
    ),
    "a quantization needs no method": (
        BASE,
        "    @abstractmethod\n    def get_quant_method(",
        "    def get_quant_method(",
        ["a_quantization_that_lacks_a_method_cannot_be_made"],
    ),
    "layers that are one are unknown": (
        BASE,
        "self.packed_modules_mapping: dict[str, list[str]] = {}",
        "pass",
        ["a_quantization_has_what_models_and_vllm_read_of_it"],
    ),
    "a quantization takes any checkpoint": (
        BASE,
        "    def override_quantization_method(cls, hf_quant_cfg, user_quant, hf_config=None):\n"
        "        return None",
        "    def override_quantization_method(cls, hf_quant_cfg, user_quant, hf_config=None):\n"
        "        return user_quant",
        ["a_quantization_has_what_models_and_vllm_read_of_it"],
    ),
}
