"""Breaks of the rendered package, each of which its own tests must catch on the fixture engine.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_reasoning_grammar.py",
    "test_reasoning_parser.py",
    "_template/test_parser_interface.py",
]
GRAMMAR, PARSER = "reasoning_grammar.py", "reasoning_parser.py"
MUTATIONS = {
    "text that may begin a marker is sent at once": (GRAMMAR, "beginning_of(END, reasoning)", '""'),
    "what is held back is sent too": (
        GRAMMAR,
        "reasoning[: len(reasoning) - len(self._held)]",
        "reasoning",
    ),
    "the end of the reasoning is forgotten": (
        GRAMMAR,
        "self.ended = bool(marker)",
        "self.ended = False",
    ),
    "an unfinished answer loses its end": (GRAMMAR, "return Part(left, ", "return Part(left[:0], "),
    "the first marker stays": (GRAMMAR, "text[len(START) :]", "text"),
    "the first marker is taken away anywhere": (
        GRAMMAR,
        "if text.startswith(START):",
        "if START in text:",
    ),
    "space before the first marker hides it": (GRAMMAR, "self._held.lstrip()", "self._held"),
    "the first marker is not waited for": (
        GRAMMAR,
        "not START.startswith(text) or text == START",
        "True",
    ),
    "the first marker is waited for without end": (
        GRAMMAR,
        "not START.startswith(text) or text == START",
        "text.startswith(START)",
    ),
    "content is read for markers": (GRAMMAR, "if self.ended:", "if False:"),
    "a prompt without markers is closed": (
        GRAMMAR,
        "return text.rfind(END) > text.rfind(START)",
        "return text.rfind(END) >= text.rfind(START)",
    ),
    "a prompt with both markers is closed": (
        GRAMMAR,
        "return text.rfind(END) > text.rfind(START)",
        "return END in text",
    ),
    "the switch for reasoning is not read": (PARSER, "not switches.get(SWITCH, True)", "False"),
    "reasoning must be asked for": (
        PARSER,
        "switches.get(SWITCH, True)",
        "switches.get(SWITCH, False)",
    ),
    "a request without switches fails": (
        PARSER,
        'kwargs.get("chat_template_kwargs") or {}',
        'kwargs.get("chat_template_kwargs", {})',
    ),
    "special tokens are dropped": (
        PARSER,
        "request.skip_special_tokens = False",
        "request.skip_special_tokens = True",
    ),
    "special tokens are not decoded": (
        PARSER,
        "decode(list(ids), skip_special_tokens=False)",
        "decode(list(ids), skip_special_tokens=True)",
    ),
    "the prompt is not looked at": (
        PARSER,
        "self._off = self.is_reasoning_end(prompt_token_ids)",
        "self._off = False",
    ),
    "a stream does not know of the prompt": (
        PARSER,
        "        self._off = self.is_reasoning_end(prompt_token_ids)\n"
        "        self._grammar = Grammar(ended=self._off)\n",
        "        self._off = self.is_reasoning_end(prompt_token_ids)\n",
    ),
    "empty reasoning is not None": (
        PARSER,
        "return reasoning or None, content or None",
        "return reasoning, content or None",
    ),
    "empty content is not None": (
        PARSER,
        "return reasoning or None, content or None",
        "return reasoning or None, content",
    ),
    "the end of the text is not seen": (
        PARSER,
        "found = both(found, self._grammar.finish())",
        "pass",
    ),
    "nothing is sent as a message": (PARSER, "if not any(found):", "if False:"),
    "the tokens decide in a stream too": (
        PARSER,
        "if self._off or self._streamed is not None:",
        "if self._off:",
    ),
    "the text decides in the engine too": (
        PARSER,
        "if self._off or self._streamed is not None:",
        "if True:",
    ),
    "a marker in pieces is not seen": (PARSER, "len(ids) - new - len(END) + 1", "len(ids) - new"),
    "a marker before these tokens counts": (PARSER, ".count(END) > before", ".count(END) > 0"),
    "the last marker is content": (PARSER, "return bisect_left(", "return -1 + bisect_left("),
    "the first new token is never the last of the reasoning": (
        PARSER,
        "lo=len(ids) - new,",
        "lo=min(len(ids), len(ids) - new + 2),",
    ),
    "reasoning without an end is content": (
        PARSER,
        "return self._end(ids, len(ids)) or len(ids)",
        "return self._end(ids, len(ids)) or 0",
    ),
    "the tokens of content are counted too": (PARSER, "self._counts = end is None", "pass"),
    "tokens are counted that do not reason": (
        PARSER,
        "        if self._off:\n            return 0\n",
        "",
    ),
    "what comes second is lost": (PARSER, "first.reasoning + second.reasoning", "first.reasoning"),
}
