"""Stands for ``vllm.reasoning.abs_reasoning_parsers``: from a name to a reasoning parser's class.

Leaves out parsers with an engine of their own, and structural tags."""

from vllm._lacking import lacking_in
from vllm._parsers import ParserManager

__getattr__ = lacking_in(__name__)


class ReasoningParser:
    """What a parser inherits. What it must implement does nothing here, as in vLLM."""

    engine_based_streaming = False
    reasoning_start_str: str | None = None
    reasoning_end_str: str | None = None

    def __init__(self, tokenizer, *args, **kwargs):
        self.model_tokenizer = tokenizer

    def is_reasoning_end(self, input_ids): ...

    def is_reasoning_end_streaming(self, input_ids, delta_ids):
        return self.is_reasoning_end(input_ids)

    def extract_content_ids(self, input_ids): ...

    def count_reasoning_tokens(self, token_ids):
        return 0

    def extract_reasoning(self, model_output, request): ...

    def extract_reasoning_streaming(self, *texts_and_tokens): ...

    def adjust_request(self, request):
        return request

    def adjust_initial_state_from_prompt(self, prompt_token_ids): ...


class ReasoningParserManager(ParserManager):
    what, base = "reasoning parser", ReasoningParser
    reasoning_parsers: dict[str, type[ReasoningParser]] = {}
    imported = reasoning_parsers
    lazy_parsers: dict[str, tuple[str, str]] = {}

    @classmethod
    def get_reasoning_parser(cls, name: str) -> type[ReasoningParser]:
        return cls.find(name)
