"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

REGISTRY = "tool_parsers/abstract_tool_parser.py"
BREAKS = {
    "no tokenizer": (
        REGISTRY,
        "self.model_tokenizer = tokenizer",
        "self.model_tokenizer = None",
        ["a_tool_parser_gets_the_tokenizer_and_what_the_server_reads_from_it"],
    ),
    "base returns none": (
        REGISTRY,
        'raise NotImplementedError("AbstractToolParser.extract_tool_calls_streaming")',
        "return None",
        ["what_a_tool_parser_does_not_implement_raises"],
    ),
    "one id": (
        "tool_parsers/utils.py",
        'f"chatcmpl-tool-{uuid.uuid4().hex[:16]}"',
        '"chatcmpl-tool"',
        ["tool_calls_have_ids_and_what_they_leave_out_is_empty"],
    ),
}
