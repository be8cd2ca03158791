"""Breaks of the rendered package, each of which its own tests must catch. Never rendered.

Each is what breaks: (file in the package, what stands there once, what to put there). Those in
MUTATIONS are caught on the fixture engine, and MUTATIONS_IN_TORCH where torch is, by TEST_IN_TORCH.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_layer.py",
    "_template/test_layer_interface.py",
]
LAYER, REGISTRATION, NORM = "layer.py", "_layers.py", "rms_norm.py"
MUTATIONS = {
    "nobody is warned of a place that is taken": (
        REGISTRATION,
        '        warn_of_owner("layer", name, owner, "about.py")',
        "        pass",
    ),
    "everybody is warned": (
        REGISTRATION,
        'if owner != f"{__package__}.{reference}":',
        "if True:",
    ),
    "it stands in for a class of another name": (
        REGISTRATION,
        "base.register_oot(layer_class, name=name)",
        "base.register_oot(layer_class)",
    ),
    "a faster thread is a failure": (
        REGISTRATION,
        "except AssertionError:",
        "except ZeroDivisionError:",
    ),
    "a refusal is passed over": (
        REGISTRATION,
        "        if owner_of_layer(name) is None:\n            raise",
        "        pass",
    ),
    "the module is looked for outside of the package": (
        REGISTRATION,
        'import_module(f".{module}", __package__)',
        "import_module(module)",
    ),
    "nothing is registered": (REGISTRATION, "        replace(name, reference)\n", "        pass\n"),
    "vLLM's own method runs with CUDA": (LAYER, "def forward_cuda(", "def forward_gpu("),
    "vLLM's own method is compiled": (LAYER, "def forward_native(", "def forward_natively("),
    "the residual is not added": (
        LAYER,
        "x, residual, weight, self.variance_epsilon",
        "x, x, weight, self.variance_epsilon",
    ),
    "a residual is not looked for": (LAYER, "if residual is None:", "if True:"),
    "a weight that is none is multiplied": (
        LAYER,
        "self.weight if self.has_weight else None",
        "self.weight",
    ),
    "the mean is that of the whole row": (
        LAYER,
        "rms_norm(x, weight, self.variance_epsilon, self.variance_size_override)",
        "rms_norm(x, weight, self.variance_epsilon, None)",
    ),
    "a platform loses the residual": (
        LAYER,
        "def forward_cpu(\n        self, x: Tensor, residual: Tensor | None = None\n"
        "    ) -> Tensor | tuple[Tensor, Tensor]:\n"
        "        return self.forward_native(x, residual)",
        "def forward_cpu(\n        self, x: Tensor, residual: Tensor | None = None\n"
        "    ) -> Tensor | tuple[Tensor, Tensor]:\n"
        "        return self.forward_native(x)",
    ),
    "about.py misspells vLLM's class": ("about.py", '"RMSNorm": "layer:', '"RMSNrm": "layer:'),
}
TEST_IN_TORCH = "test_rms_norm.py"
MUTATIONS_IN_TORCH = {
    "the mean is a sum": (NORM, ".mean(-1, keepdim=True)", ".sum(-1, keepdim=True)"),
    "the size is not looked at": (NORM, "row[..., :variance_size]", "row"),
    "epsilon is left out": (NORM, "(mean + epsilon)", "mean"),
    "the weight is left out": (NORM, "row = row.to(weight.dtype) * weight", "pass"),
    "squares are taken in half precision": (NORM, "row = x.float()", "row = x"),
    "what comes back is float32": (NORM, "return row.to(x.dtype)", "return row"),
    "the sum is rounded before the norm": (
        NORM,
        "total = x.float() + residual.float()",
        "total = x + residual",
    ),
    "the sum is not returned": (NORM, "total.to(x.dtype)", "residual"),
    "the residual is written into": (
        NORM,
        "total = x.float() + residual.float()",
        "total = residual.add_(x).float()",
    ),
}
