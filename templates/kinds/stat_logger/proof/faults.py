"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

FILE = "stat_logger.py"
# What the doctor only warns of.
WARNINGS: dict[str, tuple] = {}
FAULTS = {
    "the class cannot be imported": (
        FILE,
        "import file_of",
        "import file_for",
        "cannot be imported: ",
    ),
    "the class has another name": (
        FILE,
        "(StatLoggerBase):",
        "2(StatLoggerBase):",
        "AttributeError",
    ),
    "a function makes the stat logger": (
        FILE,
        "class MyStatLogger(StatLoggerBase):",
        "def MyStatLogger(*given):\n    return Another(*given)\n\n\nclass Another(StatLoggerBase):",
        "the server does not start",
    ),
    "the class inherits nothing": (FILE, "(StatLoggerBase):", ":", "does not inherit vllm.v1."),
    "a method is missing": (
        FILE,
        "def log_engine_initialized(",
        "def log_engine_is_initialized(",
        "has no log_engine_initialized",
    ),
    "vLLM cannot make it": (
        FILE,
        "self, vllm_config: Any, engine_index: int = 0) ",
        "self, vllm_config: Any) ",
        "cannot be made as vLLM does it: too many positional arguments",
    ),
    "vLLM cannot call it": (
        FILE,
        "        engine_idx: int = 0,\n",
        "",
        "record(): got an unexpected keyword argument 'engine_idx'",
    ),
    "no file can be written": (
        "_stat_loggers.py",
        '"request_stats"',
        '"/dev/null/request_stats"',
        "Nothing can be written into /dev/null/request_stats",
    ),
}
