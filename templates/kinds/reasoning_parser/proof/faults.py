"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

PARSER = "reasoning_parser.py"


def renamed(method: str) -> tuple[str, str, str, str]:
    return PARSER, f"def {method}(", f"def {method}_2(", f"no {method}"


FAULTS = {
    "the class is missing": (PARSER, "START, Grammar,", "START, Grammer,", "ImportError"),
    "the class has another name": (
        PARSER,
        "(ReasoningParser):",
        "2(ReasoningParser):",
        "AttributeError",
    ),
    "the class has another base": (
        PARSER,
        "(ReasoningParser):",
        ":",
        "is not a ReasoningParser subclass",
    ),
    "the constructor takes nothing but the tokenizer": (
        PARSER,
        "tokenizer: Any, *args: Any, **kwargs: Any) -> None:",
        "tokenizer: Any) -> None:\n        args, kwargs = (), {}",
        "unexpected keyword argument 'model_config'",
    ),
    # vLLM's server passes it by position, and the engine core by this name.
    "the tokenizer has another name": (
        PARSER,
        "self, tokenizer: Any, *args: Any, **kwargs: Any) -> None:",
        "self, tokens: Any, **kwargs: Any) -> None:\n        tokenizer, args = tokens, ()",
        "missing a required argument: 'tokens'",
    ),
    "the engine core cannot ask for the end": renamed("is_reasoning_end"),
    "the streaming method has another name": renamed("extract_reasoning_streaming"),
    "the method for whole answers has another name": renamed("extract_reasoning"),
    "the tokens of the content are not told": renamed("extract_content_ids"),
}
# What the doctor only warns of.
WARNINGS = {
    "the tokens are not counted": renamed("count_reasoning_tokens"),
    "the first marker is not told": (
        PARSER,
        "    reasoning_start_str = START\n",
        "",
        "no reasoning_start_str",
    ),
    "the last marker is not told": (
        PARSER,
        "    reasoning_end_str = END\n",
        "",
        "no reasoning_end_str",
    ),
}
