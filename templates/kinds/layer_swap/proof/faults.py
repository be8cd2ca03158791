"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

LAYER = "layer.py"
BASE = "class MyRMSNorm(RMSNorm):"
# What the doctor only warns of.
WARNINGS: dict[str, tuple] = {}
FAULTS = {
    "the name is none of vLLM's": (
        "about.py",
        '"RMSNorm": "layer:',
        '"RMSNrm": "layer:',
        "does not inherit from a class RMSNrm",
    ),
    "the class has no base": (LAYER, BASE, "class MyRMSNorm:", "does not inherit from a class RMS"),
    "the base is not vLLM's": (
        LAYER,
        "from vllm.model_executor.layers.layernorm import RMSNorm",
        "class RMSNorm: pass",
        "neither a CustomOp nor a PluggableLayer",
    ),
    "a platform is forgotten": (LAYER, "def forward_cuda(", "def forward_gpu(", "no forward_cuda"),
    "what the compiler takes is forgotten": (
        LAYER,
        "def forward_native(",
        "def forward_natively(",
        "no forward_native",
    ),
    "a method takes no residual": (
        LAYER,
        "def forward_xpu(\n        self, x: Tensor, residual: Tensor | None = None",
        "def forward_xpu(\n        self, x: Tensor",
        "forward_xpu does not take residual",
    ),
    "the constructor takes one argument": (
        LAYER,
        "    def forward_native(",
        "    def __init__(self, hidden_size):\n        super().__init__(hidden_size)\n\n"
        "    def forward_native(",
        "__init__ does not take eps, var_hidden_size, has_weight, dtype",
    ),
    "a layer is made while the module is imported": (
        LAYER,
        BASE,
        f"EARLY = RMSNorm(8)\n\n\n{BASE}",
        "1 of vLLM's own RMSNorm were made before",
    ),
}
