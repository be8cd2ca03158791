"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

REGISTRY = "tool_parsers/abstract_tool_parser.py"
BREAKS = {
    "class is not cached": (
        REGISTRY,
        "        cls.tool_parsers[name] = parser\n",
        "",
        [
            "a_tool_parser_is_imported_when_it_is_first_asked_for",
            "a_tool_parser_that_is_imported_goes_before_one_that_is_registered_later",
        ],
    ),
    "first registration stays": (
        REGISTRY,
        "cls.lazy_parsers[name] = (module_path, class_name)",
        "cls.lazy_parsers.setdefault(name, (module_path, class_name))",
        ["of_two_tool_parsers_with_one_name_the_later_counts_and_nothing_is_said"],
    ),
    "unknown is None": (
        REGISTRY,
        """raise KeyError(f"Tool parser '{name}' not found.")""",
        "return None",
        ["a_tool_parser_that_nobody_has_registered_is_a_key_error"],
    ),
    "not logged": (
        REGISTRY,
        """            logger.exception("Failed to import lazy tool parser '%s' from %s", name, module)\n""",
        "",
        ["a_tool_parser_that_cannot_be_imported_is_logged_and_raised_each_time"],
    ),
    "any base": (
        REGISTRY,
        "if not issubclass(parser, ToolParser):",
        "if False:",
        ["a_tool_parser_of_another_base_class_is_refused"],
    ),
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
