"""Proof of two kinds of parsers in one server: an answer reasons, then speaks, then calls a tool."""

from pathlib import Path
from typing import Any

from byte_llama import END_OF_TEXT

MARKERS = ["<call>", "</call>"]
CALL = '<call>{"name": "add", "arguments": {"a": 1}}</call>'
TEXT = f"<think>I add. {CALL}</think>Wait. {CALL}"
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


EXPECTED = {
    "reasoning": f"I add. {CALL}",
    "content": "Wait. ",
    "name": "add",
    "arguments": '{"a": 1}',
    "end": "tool_calls",
}


def options(names: Any, folder: Path) -> list[str]:
    return []


def ask(server: Any, ids: list[int], stream: bool) -> Any:
    return server.client.chat.completions.create(
        model=server.model,
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


def prove(server: Any, names: Any) -> dict:
    ids = server.tokenizer.encode(TEXT + END_OF_TEXT)
    answers = {}
    for stream in (False, True):
        answer = ask(server, ids, stream)
        chunks = answer if stream else [answer]
        choices = [choice for chunk in chunks for choice in chunk.choices]
        parts = [choice.delta if stream else choice.message for choice in choices]
        found = joined(parts) | {"end": choices[-1].finish_reason}
        assert found == EXPECTED, found
        answers["streamed" if stream else "whole"] = found
    return answers
