"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

FILE, BASE = "logits_processor.py", "_logits_base.py"
# What the doctor only warns of.
WARNINGS: dict[str, tuple] = {}
FAULTS = {
    "the class cannot be imported": (
        FILE,
        "import RequestLogitsProcessor",
        "import RequestLogitProcessor",
        "ImportError",
    ),
    "the class has another name": (
        FILE,
        "(RequestLogitsProcessor):",
        "2(RequestLogitsProcessor):",
        "AttributeError",
    ),
    "the class is none": (
        FILE,
        "class ",
        "def MyLogitsProcessor(): ...\nclass Another",
        "TypeError",
    ),
    "only model runner V1 has its interface": (
        BASE,
        "class RequestLogitsProcessor(LogitsProcessor, LogitsProcessorV2):",
        "class RequestLogitsProcessor(LogitsProcessor):",
        "where model runner V2 is used",
    ),
    "only model runner V2 has its interface": (
        BASE,
        "class RequestLogitsProcessor(LogitsProcessor, LogitsProcessorV2):",
        "class RequestLogitsProcessor(LogitsProcessorV2):",
        "where model runner V1 is used",
    ),
    "model runner V2 cannot make it": (
        FILE,
        "    UNCHANGED = (2.0,)\n",
        "    UNCHANGED = (2.0,)\n\n    def __init__(self, vllm_config, device, is_pin_memory):\n"
        "        super().__init__(vllm_config, device, is_pin_memory)\n",
        "as model runner V2 does it: missing a required argument",
    ),
    "model runner V1 cannot make it": (
        FILE,
        "    UNCHANGED = (2.0,)\n",
        "    UNCHANGED = (2.0,)\n\n    def __init__(self, vllm_config, state):\n"
        "        super().__init__(vllm_config, state)\n",
        "as model runner V1 does it: too many positional arguments",
    ),
    "a method is missing": (
        BASE,
        "def update_state(self, batch_update",
        "def update(self, batch_update",
        "has no update_state",
    ),
}
