"""Breaks of the rendered package, each of which its own tests must catch. Never rendered.

Each is what breaks: (file in the package, what stands there once, what to put there). MUTATIONS are
caught on the fixture engine, and MUTATIONS_IN_TORCH where torch is, by TEST_IN_TORCH.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_quantized_layers.py",
    "test_quantization.py",
    "_template/test_quantization_interface.py",
]
LAYERS, CONFIG, REGISTRATION = "quantized_layers.py", "quantization.py", "_quantizations.py"
MUTATIONS = {
    "part of a name is enough": (
        LAYERS,
        'any(f".{name}." in f".{layer}." for name in names)',
        "any(name in layer for name in names)",
    ),
    "only a whole name is enough": (
        LAYERS,
        'any(f".{name}." in f".{layer}." for name in names)',
        "layer in names",
    ),
    "what the model holds as one is overlooked": (
        LAYERS,
        "for part in (packed or {}).get(last, [])",
        "for part in ()",
    ),
    "a part of what the model holds as one may be left out": (
        LAYERS,
        "if named and named != parts:",
        "if False:",
    ),
    "unknown settings are ignored": (LAYERS, "    if unknown:\n", "    if False:\n"),
    "null is no list of names": (
        LAYERS,
        "quantization_config.get(LEFT_OUT) or []",
        "quantization_config.get(LEFT_OUT, [])",
    ),
    "one name may be a string": (
        LAYERS,
        "isinstance(names, list) and all",
        "True or all",
    ),
    "experts are quantized": (
        LAYERS,
        'if layer.rpartition(".")[2] in QUANTIZED and not is_named(layer, [*names, "experts"])\n    ]\n    return chosen',
        'if layer.rpartition(".")[2] in QUANTIZED and not is_named(layer, names)\n    ]\n    return chosen',
    ),
    "biases are taken for layers": (LAYERS, " and len(shape) == 2", ""),
    "a wrong name to leave out is ignored": (LAYERS, "    if wrong:\n", "    if False:\n"),
    "what is left out is not listed": (
        LAYERS,
        "[layer for layer in layers if layer not in chosen]",
        "list(names)",
    ),
    "int8 that config.json does not name is overlooked": (
        LAYERS,
        'in int8, and config.json does not say so" if held else',
        'in int8, and config.json does not say so" if not held else',
    ),
    "floating point in the place of int8 is overlooked": (
        LAYERS,
        "if expected - held:",
        "if False:",
    ),
    "int8 in the place of floating point is overlooked": (
        LAYERS,
        "if held - expected:",
        "if False:",
    ),
    "what config.json leaves out is forgotten": (
        CONFIG,
        "cls(names_in_config(config), in_checkpoint=True)",
        "cls([], in_checkpoint=True)",
    ),
    "a checkpoint counts as floating point": (
        CONFIG,
        "cls(names_in_config(config), in_checkpoint=True)",
        "cls(names_in_config(config))",
    ),
    "the model's own names are ignored": (
        CONFIG,
        "self.left_out = hf_to_vllm_mapper.apply_list(self.left_out)",
        "hf_to_vllm_mapper.apply_list(self.left_out)",
    ),
    "the class has another name than about.py": (
        CONFIG,
        "        return QUANT_METHOD",
        '        return "int8"',
    ),
    "a taken name is overwritten": (REGISTRATION, "if owner is None:", "if True:"),
    "nobody is warned of a taken name": (
        REGISTRATION,
        '        warn_of_owner("quantization", name, owner, places)',
        "        pass",
    ),
    "vLLM's own names are overlooked": (
        REGISTRATION,
        "if name in get_args(quantization.QuantizationMethods):",
        "if False:",
    ),
    "what computes is imported in every process": (
        CONFIG,
        "from .quantized_layers import",
        "from . import int8_linear  # noqa: F401\nfrom .quantized_layers import",
    ),
}
INT8 = "int8.py"
TEST_IN_TORCH = "test_int8.py"
MUTATIONS_IN_TORCH = {
    "one scale for all channels": (
        INT8,
        "weight.abs().amax(dim=1, keepdim=True)",
        "weight.abs().amax().expand(len(weight), 1)",
    ),
    "scales of input channels": (
        INT8,
        "weight.abs().amax(dim=1, keepdim=True)",
        "weight.abs().amax(dim=0)[: len(weight), None]",
    ),
    "values are cut and not rounded": (INT8, ".round().clamp", ".trunc().clamp"),
    "half of int8 is used": (INT8, "largest / LARGEST)", "2 * largest / LARGEST)"),
    "a channel of zeros is divided by zero": (
        INT8,
        "torch.where(largest == 0, 1.0, largest / LARGEST)",
        "largest / LARGEST",
    ),
    "what is not finite is let through": (INT8, "if not weight.isfinite().all():", "if False:"),
    "the scales are not applied": (INT8, "(product * scale.flatten())", "(product * 1)"),
    "the scales are applied to the bias too": (
        INT8,
        "product = torch.nn.functional.linear(x, rows.to(x.dtype))",
        "product = torch.nn.functional.linear(x, rows.to(x.dtype), bias)",
    ),
    "the bias is dropped": (INT8, "output if bias is None else output + bias", "output"),
    "the result is float32": (
        INT8,
        "(product * scale.flatten()).to(x.dtype)",
        "product * scale.flatten()",
    ),
}
