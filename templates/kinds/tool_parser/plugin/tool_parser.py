"""The tool parser: what vLLM's server calls to find tool calls in what the model writes.

The format is in tool_call_grammar.py. This file says in vLLM's terms what was found there. The
server makes one object for each answer.
"""

from collections.abc import Sequence
from typing import Any

from vllm.tool_parsers import ToolParser
from vllm.tool_parsers.abstract_tool_parser import DeltaMessage, ExtractedToolCallInformation
from vllm.tool_parsers.utils import DeltaFunctionCall, DeltaToolCall, FunctionCall, ToolCall

from .tool_call_grammar import Call, Grammar


class {{ class_of("tool_parser") }}(ToolParser):
    def __init__(self, tokenizer: Any, tools: list | None = None) -> None:
        super().__init__(tokenizer, tools)
        self._grammar = Grammar()

    def adjust_request(self, request: Any) -> Any:
        """Change a request before the model answers it."""
        request = super().adjust_request(request)
        if request.tools and request.tool_choice != "none":
            # Otherwise the text arrives without the markers, if they are special tokens.
            request.skip_special_tokens = False
        return request

    def extract_tool_calls(self, model_output: str, request: Any) -> ExtractedToolCallInformation:
        """Return the text and the tool calls in a whole answer."""
        grammar = Grammar()
        text, calls = sorted_out([*grammar.feed(model_output), *grammar.finish()])
        if not calls:
            return ExtractedToolCallInformation(
                tools_called=False, tool_calls=[], content=model_output
            )
        made = [
            ToolCall(function=FunctionCall(name=call.name, arguments=call.arguments))
            for call in calls
        ]
        return ExtractedToolCallInformation(
            tools_called=True, tool_calls=made, content=text.strip() and text or None
        )

    def extract_tool_calls_streaming(
        self,
        previous_text: str,
        current_text: str,
        delta_text: str,
        previous_token_ids: Sequence[int],
        current_token_ids: Sequence[int],
        delta_token_ids: Sequence[int],
        request: Any,
    ) -> DeltaMessage | None:
        """Return what is certain after one more piece of an answer; None if nothing is.

        A call is sent at once when it is complete.
        """
        found = self._grammar.feed(delta_text)
        # vLLM says in no other way that the answer ends here. If max_tokens or a stop string ends
        # it, the beginning of a call that came last is never sent.
        if getattr(self.model_tokenizer, "eos_token_id", None) in delta_token_ids:
            found += self._grammar.finish()
        text, calls = sorted_out(found)
        if not (text or calls):
            return None
        return DeltaMessage(content=text or None, tool_calls=[self._delta_of(c) for c in calls])

    def _delta_of(self, call: Call) -> DeltaToolCall:
        self.current_tool_id += 1
        # The server reads from these two whether any arguments are still to be sent.
        self.prev_tool_call_arr.append({"name": call.name, "arguments": call.arguments})
        self.streamed_args_for_tool.append(call.arguments)
        # The id of a whole call, so that streamed and whole calls have ids of one form.
        made = ToolCall(function=FunctionCall(name=call.name, arguments=call.arguments))
        function = DeltaFunctionCall(name=call.name, arguments=call.arguments)
        return DeltaToolCall(
            index=self.current_tool_id, id=made.id, type="function", function=function
        )


def sorted_out(parts: list[str | Call]) -> tuple[str, list[Call]]:
    """Return all text as one, and all calls."""
    text = "".join(part for part in parts if isinstance(part, str))
    return text, [part for part in parts if isinstance(part, Call)]
