"""The reasoning parser: what vLLM calls to tell reasoning from content in what the model writes.

The format is in reasoning_grammar.py. This file says in vLLM's terms what was found there. vLLM
makes one object for each answer in its server, which has the text; and in the engine core one for
each request with structured output, which has the tokens alone: there, the output is held to its
structure from the end of the reasoning on.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from vllm.reasoning import ReasoningParser
from vllm.reasoning.basic_parsers import DeltaMessage

from .reasoning_grammar import END, START, Grammar, Part, is_closed

# What the chat template calls the switch for reasoning, in a request's chat_template_kwargs.
SWITCH = "enable_thinking"


class {{ class_of("reasoning_parser") }}(ReasoningParser):
    # What vLLM forces the model to write when a request's thinking_token_budget is used up.
    reasoning_start_str = START
    reasoning_end_str = END

    def __init__(self, tokenizer: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(tokenizer, *args, **kwargs)
        switches = kwargs.get("chat_template_kwargs") or {}
        self._off = not switches.get(SWITCH, True)
        self._grammar = Grammar(ended=self._off)
        # How many tokens of a streamed answer are reasoning; None if nothing has been streamed.
        self._streamed: int | None = None
        self._counts = True

    def adjust_request(self, request: Any) -> Any:
        """Change a request before the model answers it."""
        request = super().adjust_request(request)
        # Otherwise the text arrives without the markers, if they are special tokens.
        request.skip_special_tokens = False
        return request

    def set_prompt_token_ids(self, prompt_token_ids: Sequence[int]) -> None:
        """Note whether the prompt has ended the reasoning. vLLM calls this from 0.33.0 on."""
        self._off = self.is_reasoning_end(prompt_token_ids)
        self._grammar = Grammar(ended=self._off)

    def extract_reasoning(self, model_output: str, request: Any) -> tuple[str | None, str | None]:
        """Return the reasoning and the content of a whole answer; None for what it has not."""
        grammar = Grammar(ended=self._off)
        reasoning, content = both(grammar.feed(model_output), grammar.finish())
        return reasoning or None, content or None

    def extract_reasoning_streaming(
        self,
        previous_text: str,
        current_text: str,
        delta_text: str,
        previous_token_ids: Sequence[int],
        current_token_ids: Sequence[int],
        delta_token_ids: Sequence[int],
    ) -> DeltaMessage | None:
        """Return what is certain after one more piece of an answer; None if nothing is."""
        if self._counts:
            end = self._end(current_token_ids, len(delta_token_ids))
            self._streamed = end or len(current_token_ids)
            self._counts = end is None
        found = self._grammar.feed(delta_text)
        # vLLM says in no other way that the answer ends here. If max_tokens or a stop string ends
        # it, what may begin END, and came last, is never sent.
        if getattr(self.model_tokenizer, "eos_token_id", None) in delta_token_ids:
            found = both(found, self._grammar.finish())
        if not any(found):
            return None
        return DeltaMessage(reasoning=found.reasoning or None, content=found.content or None)

    def is_reasoning_end(self, input_ids: Sequence[int]) -> bool:
        """Tell whether a prompt, or a prompt and its answer, is past the reasoning."""
        return self._off or is_closed(self._text(input_ids))

    def is_reasoning_end_streaming(
        self, input_ids: Sequence[int], delta_ids: Iterable[int]
    ) -> bool:
        """Tell whether the reasoning ends in the last tokens of ``input_ids``, ``delta_ids``."""
        # The server asks right after it has given the text of these tokens. That text may lack
        # their last characters, which are held back for a stop string: what was read decides.
        if self._off or self._streamed is not None:
            return self._grammar.ended
        return self._end(input_ids, len(list(delta_ids))) is not None

    def extract_content_ids(self, input_ids: list[int]) -> list[int]:
        """Return the tokens after the reasoning."""
        return input_ids[self._length_of_reasoning(input_ids) :]

    def count_reasoning_tokens(self, token_ids: Sequence[int]) -> int:
        """Return how many tokens of an answer are reasoning, and its markers; for its usage."""
        if self._off:
            return 0
        return self._length_of_reasoning(token_ids) if self._streamed is None else self._streamed

    def _length_of_reasoning(self, ids: Sequence[int]) -> int:
        return self._end(ids, len(ids)) or len(ids)

    def _end(self, ids: Sequence[int], new: int) -> int | None:
        """Return how many tokens there are up to the end of END; None if it has no end in them.

        Only the last ``new`` are looked at: what ended before these is not seen.
        """
        # It may have begun before these, and each of its tokens has a character at least.
        first = max(0, len(ids) - new - len(END) + 1)
        before = self._text(ids[first : len(ids) - new]).count(END)

        def has_end(length: int) -> bool:
            return self._text(ids[first:length]).count(END) > before

        if not has_end(len(ids)):
            return None
        return bisect_left(range(len(ids)), True, lo=len(ids) - new, key=has_end)

    def _text(self, ids: Sequence[int]) -> str:
        return self.model_tokenizer.decode(list(ids), skip_special_tokens=False)


def both(first: Part, second: Part) -> Part:
    """Return two neighbouring parts as one."""
    return Part(first.reasoning + second.reasoning, first.content + second.content)
