"""vLLM's registry of reasoning parsers, as the tests need it."""

from _template.parsers import Call, Parsers
from vllm.reasoning import ReasoningParser, ReasoningParserManager


def get_in_server(name: str) -> type:
    from vllm.parser import ParserManager

    return ParserManager.get_reasoning_parser(reasoning_parser_name=name)


OF_REQUEST: dict = {"chat_template_kwargs": {}}
TEXTS = {"previous_text": "", "current_text": "", "delta_text": ""}
TOKENS: dict = {"previous_token_ids": [], "current_token_ids": [], "delta_token_ids": []}
PARSERS = Parsers(
    manager=ReasoningParserManager,
    imported=ReasoningParserManager.reasoning_parsers,
    get=ReasoningParserManager.get_reasoning_parser,
    base=ReasoningParser,
    get_in_server=get_in_server,
    rivals=("vllm.reasoning.deepseek_r1_reasoning_parser:DeepSeekR1ReasoningParser", "a:B"),
    made_by=[
        # The server, the engine core, and the config, which asks for the markers.
        Call(("tokenizer",), {"model_config": None} | OF_REQUEST),
        Call(named={"tokenizer": "tokenizer"} | OF_REQUEST),
        Call(("tokenizer",)),
    ],
    calls={
        "extract_reasoning": [Call(("self", "text", "request"))],
        "extract_reasoning_streaming": [
            Call(("self",), TEXTS | TOKENS),
            Call(("self", *TEXTS, *TOKENS)),
        ],
        "is_reasoning_end": [Call(("self", [1]))],
        "is_reasoning_end_streaming": [Call(("self", [1], [1]))],
        "extract_content_ids": [Call(("self", [1]))],
        "count_reasoning_tokens": [Call(("self", [1]))],
        "adjust_request": [Call(("self", "request"))],
        "adjust_initial_state_from_prompt": [Call(("self", [1]))],
    },
    left_open=[
        "extract_reasoning",
        "extract_reasoning_streaming",
        "is_reasoning_end",
        "extract_content_ids",
    ],
)
REGISTRIES = {"reasoning_parser": PARSERS}
