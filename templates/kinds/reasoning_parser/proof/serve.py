"""Proof on a real vLLM: a server answers with reasoning, whole and streamed, through the parser.

Never rendered; tests/in_vllm/scripts/served.py runs it. The model is tiny and random. A logits
processor makes it begin its answer with the tokens that a request gives; everything else is the real
server.
"""

from pathlib import Path
from typing import Any, NamedTuple

from byte_llama import END_OF_TEXT

START, END = "<think>", "</think>"
# Special tokens of the tokenizer.
MARKERS = [START, END]
# The content that the grammar of the structured output leaves no choice but to write.
STRUCTURE = '{"noon": true}'


class Case(NamedTuple):
    """What the model is made to write, what it may then add, and what the server must answer."""

    text: str
    reasoning: str | None
    content: str | None
    # If not "", the answer's end is the model's own, held to this.
    structure: str = ""
    options: dict[str, Any] = {}


OFF = {"chat_template_kwargs": {"enable_thinking": False}}
STOP = {"stop": ["Bye now"]}
CASES = {
    "reasoning and content": Case(f"{START}Hm. <{END}Yes! <", "Hm. <", "Yes! <"),
    "the prompt has the first marker": Case(f"Hm.{END}Yes!", "Hm.", "Yes!"),
    "no content": Case(f"{START}Hm. </th", "Hm. </th", None),
    "no reasoning": Case(f"{START}{END}Yes!", None, "Yes!"),
    "text held back for a stop string": Case(
        f"{START}Hm.{END}Yes! Bye now!", "Hm.", "Yes! ", "", STOP
    ),
    "reasoning is off": Case("Yes!", None, "Yes!", "", OFF),
    # In the engine core: what comes before END is free, what comes after it is not.
    "structure after reasoning": Case(f"{START}Hm.{END}", "Hm.", STRUCTURE, STRUCTURE),
    "structure without reasoning": Case("", None, STRUCTURE, STRUCTURE, OFF),
}


def options(names: Any, folder: Path) -> list[str]:
    return ["--reasoning-parser", names.registered]


def as_bytes(tokenizer: Any, text: str) -> list[int]:
    """Return the tokens of a text, and of its markers the single letters."""
    return [token for letter in text for token in tokenizer.encode(letter)]


def ask(server: Any, case: Case, ids: list[int], stream: bool) -> Any:
    options = dict(case.options)
    extra: dict[str, Any] = {"chat_template_kwargs": options.pop("chat_template_kwargs", {})}
    if ids:
        extra["vllm_xargs"] = {"force": ids}
    if case.structure:
        extra["structured_outputs"] = {"choice": [case.structure]}
    return server.client.chat.completions.create(
        model=server.model,
        messages=[{"role": "user", "content": "Is it noon?"}],
        max_tokens=100,
        temperature=0,
        stream=stream,
        extra_body=extra,
        **options,
        **({"stream_options": {"include_usage": True}} if stream else {}),
    )


def counted(usage: Any) -> int | None:
    """Return how many tokens were reasoning; None if this vLLM does not say."""
    details = usage.completion_tokens_details
    return details and details.reasoning_tokens


def whole(server: Any, case: Case, ids: list[int]) -> dict:
    answer = ask(server, case, ids, stream=False)
    [choice] = answer.choices
    reasoning, content = getattr(choice.message, "reasoning", None), choice.message.content
    return {"reasoning": reasoning, "content": content, "tokens": counted(answer.usage)}


def streamed(server: Any, case: Case, ids: list[int]) -> dict:
    reasoning, content, tokens, chunks = "", "", None, 0
    for chunk in ask(server, case, ids, stream=True):
        tokens = counted(chunk.usage) if chunk.usage else tokens
        for choice in chunk.choices:
            chunks += 1
            reasoning += getattr(choice.delta, "reasoning", None) or ""
            content += choice.delta.content or ""
    assert chunks > 1, "one chunk is not a stream"
    return {"reasoning": reasoning or None, "content": content or None, "tokens": tokens}


def check(case: Case, answer: dict, length: int) -> None:
    """``length`` is how many tokens the reasoning and its markers have."""
    expected = {"reasoning": case.reasoning, "content": case.content}
    assert {name: answer[name] for name in expected} == expected, (case, answer)
    assert answer["tokens"] in (None, length), (case, answer, length)


def prove(server: Any, names: Any) -> dict:
    answers = {}
    tokenizer = server.tokenizer
    for markers, encode in (("special", tokenizer.encode), ("plain", None)):
        for name, case in CASES.items():
            ids = encode(case.text) if encode else as_bytes(tokenizer, case.text)
            before, end, _ = case.text.partition(END)
            reasoned = before + end if "chat_template_kwargs" not in case.options else ""
            length = len(encode(reasoned) if encode else as_bytes(tokenizer, reasoned))
            # The model itself ends what it adds.
            if not case.structure:
                ids = [*ids, tokenizer.convert_tokens_to_ids(END_OF_TEXT)]
                # And its last token counts where all is reasoning.
                length += not end and bool(reasoned)
            for way in (whole, streamed):
                answer = way(server, case, ids)
                answers[f"{markers}, {way.__name__}: {name}"] = answer
                check(case, answer, length)
    return answers
