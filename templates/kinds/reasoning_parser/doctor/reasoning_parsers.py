"""Can vLLM import the reasoning parsers, make them and call them?"""

from ..about import REASONING_PARSERS
from .findings import Findings
from .parsers import look_at_front_end, look_at_parser

# vLLM's base class raises nothing: each of these is silently wrong in another way.
NEEDED = {
    "extract_reasoning": "whole answers fail",
    "extract_reasoning_streaming": "streamed answers lose their reasoning",
    "is_reasoning_end": "structured output is not enforced",
    "extract_content_ids": "a streamed answer fails where its reasoning ends",
}
USEFUL = {
    "reasoning_start_str": "requests with a thinking_token_budget are refused",
    "reasoning_end_str": "requests with a thinking_token_budget are refused",
    "count_reasoning_tokens": "usage says that no token was reasoning",
}


def look_in_new_process() -> Findings:
    from vllm.reasoning import ReasoningParser, ReasoningParserManager

    get = ReasoningParserManager.get_reasoning_parser
    of_request: dict = {"chat_template_kwargs": {}}
    calls: list = [
        (("tokenizer",), {"model_config": None} | of_request),  # the server
        ((), {"tokenizer": "tokenizer"} | of_request),  # the engine core
    ]
    for name in REASONING_PARSERS:
        title = f"reasoning parser {name}"
        yield from look_at_parser(title, get, ReasoningParser, calls, NEEDED, USEFUL)
    yield from look_at_front_end("reasoning parser")
