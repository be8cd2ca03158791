"""Proof on a real vLLM: a server answers with tool calls, whole and streamed, through the parser.

Never rendered. The model is tiny and random. A regular expression, given as ``structured_outputs``,
makes it write a call; everything else is the real server. tests/in_vllm runs it where vLLM and the
plugin are installed, with its own scripts on PYTHONPATH:

    python serve.py FOLDER NAME

FOLDER is empty, and gets the checkpoint; NAME is for ``--tool-call-parser``. It prints one JSON
object on the last line, and ends with an AssertionError if an answer is not as expected.
"""

import json
import re
import sys
from pathlib import Path

from byte_llama import save_checkpoint
from openai import OpenAI
from serving import serving

CALL = '<call>{"name": "add", "arguments": {"a": 1, "b": [2, "</call>"]}}</call>'
ARGUMENTS = {"a": 1, "b": [2, "</call>"]}
MALFORMED = '<call>{"name": "add", "arguments": []}</call>'
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


def ask(client: OpenAI, text: str, stream: bool):
    return client.chat.completions.create(
        model=client.models.list().data[0].id,
        messages=[{"role": "user", "content": "Add."}],
        tools=[TOOL],
        max_tokens=300,
        stream=stream,
        extra_body={"structured_outputs": {"regex": re.escape(text)}},
    )


def whole(client: OpenAI, text: str) -> dict:
    [choice] = ask(client, text, stream=False).choices
    made = choice.message.tool_calls or []
    calls = [(call.function.name, call.function.arguments) for call in made]
    return {"text": choice.message.content, "calls": calls, "end": choice.finish_reason}


def streamed(client: OpenAI, text: str) -> dict:
    content, calls, end, chunks = "", {}, None, 0
    for chunk in ask(client, text, stream=True):
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


def prove(client: OpenAI) -> dict:
    answers = {}
    for way in (whole, streamed):
        expected = [
            (f"Wait. {CALL}", "Wait. ", 1, "tool_calls"),
            (CALL + CALL, None, 2, "tool_calls"),
            ("It is sunny.", "It is sunny.", 0, "stop"),
            (MALFORMED, MALFORMED, 0, "stop"),
        ]
        for text, content, calls, end in expected:
            answers[f"{way.__name__}: {text}"] = answer = way(client, text)
            check(answer, content, calls, end)
    return answers


def main() -> None:
    folder, name = Path(sys.argv[1]), sys.argv[2]
    save_checkpoint(folder)
    with serving(folder, "--enable-auto-tool-choice", "--tool-call-parser", name) as client:
        answers = prove(client)
    # Last: the server writes until it has ended.
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
