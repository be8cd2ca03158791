"""Proof on a real vLLM: a server writes one line about each request, with what it was and took.

Never rendered; tests/in_vllm/scripts/served.py runs it. Other parts ask the server too, so lines are
told apart by the ids of the requests.
"""

import json
import time
from pathlib import Path
from typing import Any

SECONDS = 60
# More tokens than the server can write before it hears that nobody reads them.
LONG = 480


def options(names: Any, folder: Path) -> list[str]:
    # vLLM keeps its stats on all the same, for the stat logger.
    return ["--disable-log-stats"]


def folder_of(checkpoint: Path) -> Path:
    return checkpoint.parent / "stats" / "of requests"


def environment(names: Any, folder: Path) -> dict[str, str]:
    return {f"STATS_OF_{names.package.upper()}": str(folder_of(folder))}


def lines_in(folder: Path) -> dict[str, list[dict]]:
    """Return the lines about requests, by the id of the request."""
    found: dict[str, list[dict]] = {}
    for file in folder.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            request = json.loads(line)
            found.setdefault(request["request_id"], []).append(request)
    return found


def wait_for(folder: Path, counts: dict[str, int]) -> dict[str, list[dict]]:
    """Return the lines, once there are so many about each of these requests, by their ids."""
    end = time.monotonic() + SECONDS
    while any(len((found := lines_in(folder)).get(id, [])) < counts[id] for id in counts):
        assert time.monotonic() < end, f"not {counts} lines in {SECONDS} s: {found.keys()}"
        time.sleep(0.05)
    return lines_in(folder)


def complete(server: Any, prompt: str, tokens: int, **more: Any) -> Any:
    more = {"temperature": 0} | more
    return server.client.completions.create(
        model=server.model,
        prompt=prompt,
        max_tokens=tokens,
        extra_body={"ignore_eos": True},
        **more,
    )


def timed(ask: Any, *given: Any, **named: Any) -> tuple[Any, float]:
    """Return an answer, and how many seconds it took."""
    begin = time.monotonic()
    return ask(*given, **named), time.monotonic() - begin


def streamed(server: Any, prompt: str, tokens: int) -> Any:
    """Return the last part of a streamed answer, which has the usage."""
    *_, last = complete(server, prompt, tokens, stream=True, stream_options={"include_usage": True})
    return last


def chat(server: Any, tokens: int) -> Any:
    return server.client.chat.completions.create(
        model=server.model,
        messages=[{"role": "user", "content": "Once"}],
        max_tokens=tokens,
        temperature=0,
        extra_body={"ignore_eos": True},
    )


def leave(server: Any) -> str:
    """Ask for many tokens, and go away after the first; return the id of the answer."""
    with complete(server, "nobody reads this", LONG, stream=True) as parts:
        return next(iter(parts)).id


def prove(server: Any, names: Any) -> dict:
    folder = folder_of(server.folder)
    [file] = folder.glob("*.jsonl")
    assert file.name.endswith("-0.jsonl"), file
    left = leave(server)
    asked = [
        timed(complete, server, "Once", 3),
        timed(complete, server, "upon a time", 17),
        timed(streamed, server, "there was a plugin", 5),
        # The likeliest tokens there are but once.
        timed(complete, server, "twice", 4, n=2, temperature=1),
    ]
    answers = {f"{answer.id}-0": (answer, took) for answer, took in asked}
    answer, took = timed(chat, server, 6)
    answers[answer.id] = answer, took
    # Of several answers to one prompt each has a line; the last part of a stream has none.
    counts = {id: max(len(answer.choices), 1) for id, (answer, _) in answers.items()}
    found = wait_for(folder, counts)
    shown = {}
    for id, (answer, took) in answers.items():
        each = found[id]
        usage = answer.usage
        assert len(each) == counts[id], each
        assert {line["num_prompt_tokens"] for line in each} == {usage.prompt_tokens}, (each, usage)
        written = sum(line["num_generation_tokens"] for line in each)
        assert written == usage.completion_tokens, (each, usage)
        assert {line["finish_reason"] for line in each} == {"length"}, each
        assert all(0 < line["e2e_latency"] < took for line in each), (each, took)
        shown[id] = each
    assert f"{left}-0" not in found, found[f"{left}-0"]
    assert f"One line about each request that finishes is in {file}" in server.log
    return {"lines": shown, "file": file.name}
