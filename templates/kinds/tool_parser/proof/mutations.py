"""Breaks of the rendered package, each of which its own tests must catch on the fixture engine.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_tool_call_grammar.py",
    "test_tool_parser.py",
    "_template/test_parser_interface.py",
]
GRAMMAR, PARSER = "tool_call_grammar.py", "tool_parser.py"
MUTATIONS = {
    "text that may begin a marker is sent at once": (
        GRAMMAR,
        "len(self._held) - len(beginning_of(START, self._held))",
        "len(self._held)",
    ),
    "braces in strings count": (GRAMMAR, "if self._in_string:", "if False:"),
    "an escaped quote ends a string": (GRAMMAR, "self._escaped = True", "self._escaped = False"),
    "an escape never ends": (
        GRAMMAR,
        "            if self._escaped:\n                self._escaped = False\n            elif",
        "            if",
    ),
    "a broken-off call is not given up": (
        GRAMMAR,
        "return self._in_string or bool(OUTSIDE_STRINGS.match(character))",
        "return True",
    ),
    "a line break in a string is let through": (GRAMMAR, 'return character >= " "', "return True"),
    "a call after a malformed one is lost": (
        GRAMMAR,
        "return self._take(len(START))",
        "return self._take(len(self._held))",
    ),
    "a malformed call is not logged": (GRAMMAR, "if self._depth or self._closed:", "if False:"),
    "prose that names the marker is logged": (
        GRAMMAR,
        "if self._depth or self._closed:",
        "if True:",
    ),
    "deep nesting raises": (GRAMMAR, "except RecursionError:", "except ZeroDivisionError:"),
    "arguments may be anything": (GRAMMAR, "isinstance(arguments, dict)", "True"),
    "a name may be empty": (
        GRAMMAR,
        "isinstance(name, str) and name and",
        "isinstance(name, str) and",
    ),
    "half a surrogate pair is let through": (
        GRAMMAR,
        "(call.name + call.arguments).encode()",
        "(call.name + call.arguments)",
    ),
    "letters are escaped": (GRAMMAR, "ensure_ascii=False", "ensure_ascii=True"),
    "an unfinished call is dropped": (
        GRAMMAR,
        'found += [self._not_a_call("it has no end"), *self.feed("")]',
        "self._take(len(self._held))",
    ),
    "every piece is read from the start": (
        GRAMMAR,
        "        rest = self._held[self._at :].lstrip()",
        "        rest = self._held[self._at :].lstrip()\n"
        "        if not self._closed:\n            self._restart()",
    ),
    "the state of a call stays for the next": (
        GRAMMAR,
        "self._held[length:]\n        self._restart()",
        "self._held[length:]",
    ),
    "all calls of a stream have index 0": (
        PARSER,
        "self.current_tool_id += 1",
        "self.current_tool_id = 0",
    ),
    "the server is told of no streamed arguments": (
        PARSER,
        "        self.streamed_args_for_tool.append(call.arguments)\n",
        "",
    ),
    "the end of the text is not seen": (PARSER, "found += self._grammar.finish()", "pass"),
    "special tokens are dropped": (
        PARSER,
        "skip_special_tokens = False",
        "skip_special_tokens = True",
    ),
    "a request that may call nothing is changed": (
        PARSER,
        ' and request.tool_choice != "none"',
        "",
    ),
    "content between calls is a line break": (
        PARSER,
        "content=text.strip() and text or None",
        "content=text or None",
    ),
}
