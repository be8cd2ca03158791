"""Faults in an author's package, and a word that the doctor's finding must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

FILE, BASE = "io_processor.py", "_io_base.py"
PLACE = 'return f"{cls.__module__}.{cls.__qualname__}"'
# What the doctor only warns of: a few models do the task plugin.
WARNINGS = {
    "it asks for vLLM's default task": (
        BASE,
        "        merged.task = self.TASK\n        return merged\n",
        "        return super().merge_pooling_params(params)\n",
        "the task plugin, which ordinary models refuse",
    ),
    "it changes what it is given": (
        BASE,
        "params.clone()",
        "params",
        "changes the parameters that it is given",
    ),
}
FAULTS = {
    "the class cannot be imported": (FILE, "import Task", "import Tusk", "ImportError"),
    "the class has another name": (FILE, "(TaskIOProcessor):", "2(TaskIOProcessor):", "Attribute"),
    "its place cannot be imported": (
        BASE,
        PLACE,
        'return f"{cls.__module__}:{cls.__qualname__}"',
        "AttributeError",
    ),
    "it says no place": (BASE, PLACE, "return None", "cannot be used"),
    "it is no IO processor": (
        BASE,
        "class TaskIOProcessor(IOProcessor):",
        "class TaskIOProcessor:",
        "does not inherit vllm.plugins.io_processors.interface.IOProcessor",
    ),
    "a method is missing": (FILE, "def post_process(", "def postprocess(", "has no post_process"),
    "it reads no request": (FILE, "def parse_data(", "def parse_request(", "has no parse_data"),
    "vLLM cannot make it": (
        FILE,
        '    TASK = "embed"\n',
        '    TASK = "embed"\n\n    def __init__(self, vllm_config):\n        pass\n',
        "cannot be made as vLLM does it: too many positional arguments",
    ),
}
