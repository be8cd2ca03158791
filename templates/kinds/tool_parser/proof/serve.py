"""Proof on a real vLLM: a server answers with tool calls, whole and streamed, through the parser.

Never rendered; tests/in_vllm/scripts/served.py runs it. The model is tiny and random, and is made to
write what a request gives; everything else is the real server.
"""

import json
from pathlib import Path
from typing import Any

from byte_llama import END_OF_TEXT

CALL = '<call>{"name": "add", "arguments": {"a": 1, "b": [2, "</call>"]}}</call>'
ARGUMENTS = {"a": 1, "b": [2, "</call>"]}
MALFORMED = '<call>{"name": "add", "arguments": []}</call>'
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


# With a reasoning parser beside it, what a model writes is reasoning first, unless a request says so.
PLAIN = {"chat_template_kwargs": {"enable_thinking": False}}


def options(names: Any, folder: Path) -> list[str]:
    return ["--enable-auto-tool-choice", "--tool-call-parser", names.registered]


def ask(server: Any, text: str, stream: bool) -> Any:
    ids = [token for letter in text for token in server.tokenizer.encode(letter)]
    ids += server.tokenizer.encode(END_OF_TEXT)
    return server.client.chat.completions.create(
        model=server.model,
        messages=[{"role": "user", "content": "Add."}],
        tools=[TOOL],
        max_tokens=300,
        temperature=0,
        stream=stream,
        extra_body={"vllm_xargs": {"force": ids}, **PLAIN},
    )


def whole(server: Any, text: str) -> dict:
    [choice] = ask(server, text, stream=False).choices
    made = choice.message.tool_calls or []
    calls = [(call.function.name, call.function.arguments) for call in made]
    return {"text": choice.message.content, "calls": calls, "end": choice.finish_reason}


def streamed(server: Any, text: str) -> dict:
    content, calls, end, chunks = "", {}, None, 0
    for chunk in ask(server, text, stream=True):
        for choice in chunk.choices:
            chunks += 1
            content += choice.delta.content or ""
            end = choice.finish_reason or end
            for call in choice.delta.tool_calls or []:
                name, arguments = calls.get(call.index, ("", ""))
                name += call.function.name or ""
                calls[call.index] = (name, arguments + (call.function.arguments or ""))
    assert chunks > 1, "one chunk is not a stream"
    return {"text": content or None, "calls": list(calls.values()), "end": end}


def check(answer: dict, text: str | None, calls: int, end: str) -> None:
    assert (answer["text"], answer["end"]) == (text, end), answer
    assert [name for name, _ in answer["calls"]] == ["add"] * calls, answer
    assert all(json.loads(arguments) == ARGUMENTS for _, arguments in answer["calls"]), answer


def prove(server: Any, names: Any) -> dict:
    answers = {}
    for way in (whole, streamed):
        expected = [
            (f"Wait. {CALL}", "Wait. ", 1, "tool_calls"),
            (CALL + CALL, None, 2, "tool_calls"),
            ("It is sunny.", "It is sunny.", 0, "stop"),
            (MALFORMED, MALFORMED, 0, "stop"),
        ]
        for text, content, calls, end in expected:
            answers[f"{way.__name__}: {text}"] = answer = way(server, text)
            check(answer, content, calls, end)
    return answers
