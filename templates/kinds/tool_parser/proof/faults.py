"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

BASE = "(ToolParser):"
# What the doctor only warns of.
WARNINGS: dict[str, tuple] = {}
FAULTS = {
    "the class is missing": (
        "tool_parser.py",
        "import Call, Grammar",
        "import Call, Grammer",
        "ImportError",
    ),
    "the class has another name": (
        "tool_parser.py",
        "(ToolParser):",
        "2(ToolParser):",
        "AttributeError",
    ),
    "the class has another base": ("tool_parser.py", BASE, ":", "is not a ToolParser subclass"),
    "the constructor takes no tools": (
        "tool_parser.py",
        ", tools: list | None = None) -> None:",
        ") -> None:\n        tools = None",
        "too many positional arguments",
    ),
    "the streaming method has another name": (
        "tool_parser.py",
        "def extract_tool_calls_streaming(",
        "def extract_tool_calls_stream(",
        "no extract_tool_calls_streaming",
    ),
}
