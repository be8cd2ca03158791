"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

CONFIG = "quantization.py"
# What the doctor only warns of.
WARNINGS: dict[str, tuple] = {}
FAULTS = {
    "a method of the class is missing": (
        CONFIG,
        "    def get_config_filenames(",
        "    def get_config_files(",
        "get_config_filenames",
    ),
    "the class calls itself something else": (
        CONFIG,
        "        return QUANT_METHOD",
        '        return "int8"',
        "calls itself int8",
    ),
    "the class cannot be made by --quantization": (
        CONFIG,
        "self, left_out: list[str] | None = None, in_checkpoint",
        "self, left_out: list[str], in_checkpoint",
        "missing 1 required positional argument",
    ),
    "the class cannot be made for a checkpoint": (
        CONFIG,
        "cls(names_in_config(config), in_checkpoint=True)",
        'cls(config["layers"], in_checkpoint=True)',
        "KeyError: 'layers'",
    ),
}
# What only a real vLLM shows: (..., the level, the word).
FAULTS_IN_VLLM = {
    "linear layers get no method": (
        CONFIG,
        "        if not isinstance(layer, LinearBase):",
        "        if True:",
        "problem",
        "returns None",
    ),
    "what computes a layer cannot be imported": (
        "int8_linear.py",
        "from .int8 import linear, quantize",
        "from .int8 import linear, quantise as quantize",
        "problem",
        "ImportError",
    ),
    "the old loader loads the parameters": (
        "int8_linear.py",
        "# vLLM looks the class up by its name. Without this, its loader would not know these parameters.\n"
        "@register_weight_loader_v2_supported_method\n",
        "",
        "warning",
        "old loader",
    ),
}
