"""A server with both kinds of parsers: an answer reasons, then speaks, then calls a tool.

``python reason_and_call.py FOLDER NAME`` serves a checkpoint that it writes into FOLDER, which is
empty, with both parsers of one NAME. It prints one JSON object on the last line.
"""

import json
import sys
from pathlib import Path
from typing import Any

from byte_llama import END_OF_TEXT, save_checkpoint
from serving import serving

MARKERS = ["<think>", "</think>", "<call>", "</call>"]
CALL = '<call>{"name": "add", "arguments": {"a": 1}}</call>'
TEXT = f"<think>I add. {CALL}</think>Wait. {CALL}"
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


def ask(client: Any, ids: list[int], stream: bool) -> Any:
    return client.chat.completions.create(
        model=client.models.list().data[0].id,
        messages=[{"role": "user", "content": "Add."}],
        tools=[TOOL],
        max_tokens=200,
        stream=stream,
        extra_body={"vllm_xargs": {"force": ids}},
    )


def joined(parts: list[Any]) -> dict:
    """Return what the messages or deltas of an answer have together."""
    calls = [call.function for part in parts for call in part.tool_calls or []]
    return {
        "reasoning": "".join(getattr(part, "reasoning", None) or "" for part in parts),
        "content": "".join(part.content or "" for part in parts),
        "name": "".join(call.name or "" for call in calls),
        "arguments": "".join(call.arguments or "" for call in calls),
    }


def main() -> None:
    folder, name = Path(sys.argv[1]), sys.argv[2]
    tokenizer = save_checkpoint(folder, MARKERS)
    ids = tokenizer.encode(TEXT + END_OF_TEXT)
    options = ["--reasoning-parser", name, "--enable-auto-tool-choice", "--tool-call-parser", name]
    answers = []
    with serving(folder, *options, "--logits-processors", "forcing:Forcing") as client:
        for stream in (False, True):
            answer = ask(client, ids, stream)
            chunks = answer if stream else [answer]
            choices = [choice for chunk in chunks for choice in chunk.choices]
            parts = [choice.delta if stream else choice.message for choice in choices]
            answers.append(joined(parts) | {"end": choices[-1].finish_reason})
    # Last: the server writes until it has ended.
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
