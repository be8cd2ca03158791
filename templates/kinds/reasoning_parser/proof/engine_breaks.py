"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

REGISTRY = "reasoning/abs_reasoning_parsers.py"
BREAKS = {
    "reasoning parser without a tokenizer": (
        REGISTRY,
        "self.model_tokenizer = tokenizer",
        "self.model_tokenizer = None",
        ["a_reasoning_parser_gets_the_tokenizer_and_whatever_else_there_is"],
    ),
    "reasoning base raises": (
        REGISTRY,
        "def is_reasoning_end(self, input_ids): ...",
        "def is_reasoning_end(self, input_ids): raise NotImplementedError",
        ["what_a_reasoning_parser_does_not_implement_does_nothing_in_silence"],
    ),
    "the end in a stream is another question": (
        REGISTRY,
        "return self.is_reasoning_end(input_ids)",
        "return False",
        ["the_end_of_reasoning_in_a_stream_is_the_end_of_all_unless_a_parser_says_otherwise"],
    ),
    "a message without reasoning": (
        "tool_parsers/abstract_tool_parser.py",
        "    reasoning: str | None = None\n",
        "",
        ["a_message_of_a_stream_has_reasoning_or_content"],
    ),
}
