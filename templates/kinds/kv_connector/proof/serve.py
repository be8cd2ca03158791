"""Proof on a real vLLM: a server takes KV from the store, and recomputes what is damaged there.

Never rendered; tests/in_vllm/scripts/served.py runs it. The model is tiny and random. vLLM's own cache
of prefixes is emptied before a prompt is asked again.
"""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from math import isclose
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

# Two full blocks of 128 bytes, and a part of a third.
PROMPT = "The store holds what the model has read. " * 7
# The same in its last part, which is not stored.
OTHER = "x" * 256 + PROMPT[256:]
ROUNDS = 4
HITS = re.compile(r"^vllm:external_prefix_cache_hits_total\{.*\} ([0-9.e+]+)$", re.MULTILINE)


def store_of(folder: Path) -> Path:
    return folder.parent / "kv_store"


def options(names: Any, folder: Path) -> list[str]:
    config = {
        "kv_connector": names.registered,
        "kv_role": "kv_both",
        "kv_load_failure_policy": "recompute",
        "kv_connector_extra_config": {"folder": str(store_of(folder))},
    }
    return ["--kv-transfer-config", json.dumps(config)]


def environment(names: Any, folder: Path) -> dict[str, str]:
    # For POST /reset_prefix_cache.
    return {"VLLM_SERVER_DEV_MODE": "1"}


class Answer(NamedTuple):
    """Tokens, and the logprob of each."""

    tokens: list[str]
    logprobs: list[float]

    def is_like(self, other: "Answer") -> bool:
        """Tell whether another answer has the same tokens, each as likely as far as float32 goes."""
        pairs = zip(self.logprobs, other.logprobs, strict=True)
        return self.tokens == other.tokens and all(isclose(*pair, abs_tol=1e-3) for pair in pairs)


def complete(server: Any, prompt: str) -> Answer:
    answer = server.client.completions.create(
        model=server.model,
        prompt=prompt,
        max_tokens=24,
        temperature=0,
        logprobs=1,
        extra_body={"ignore_eos": True, "return_tokens_as_token_ids": True},
    )
    found = answer.choices[0].logprobs
    return Answer(found.tokens, found.token_logprobs)


def hits(server: Any) -> int:
    """Return how many tokens vLLM says that it took from the store."""
    with urlopen(f"{server.address}/metrics", timeout=60) as answer:
        [count] = HITS.findall(answer.read().decode())
    return int(float(count))


def reset(server: Any) -> None:
    with urlopen(f"{server.address}/reset_prefix_cache", b"", timeout=60) as answer:
        assert answer.status == 200


def files_of(server: Any) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(store_of(server.folder).rglob("*.kv"))}


def settled(server: Any) -> set[Path]:
    """Return the files as soon as no more of them come: vLLM saves after it has answered."""
    before, now = None, set(files_of(server))
    while before != now:
        time.sleep(0.5)
        before, now = now, set(files_of(server))
    return now


def when(ready: Any) -> Any:
    """Return what ``ready`` does, as soon as that is anything."""
    for _ in range(100):
        if found := ready():
            return found
        time.sleep(0.1)
    raise AssertionError("it took too long")


def asked_again(server: Any, prompt: str) -> tuple[Answer, int]:
    """Empty vLLM's own cache and ask; return the answer, and how many of the prompt's tokens were stored."""

    def ask() -> tuple[Answer, int] | None:
        # vLLM empties nothing while blocks are saved.
        reset(server)
        before = hits(server)
        answer = complete(server, prompt)
        found = hits(server) - before
        return (answer, found) if found >= 256 else None

    return when(ask)


def together(server: Any, prompts: list[str]) -> list[Answer]:
    with ThreadPoolExecutor(len(prompts)) as threads:
        return list(threads.map(complete, [server] * len(prompts), prompts))


def prove(server: Any, names: Any) -> dict:
    before = settled(server)
    first = complete(server, PROMPT)
    stored = settled(server) - before
    assert len(stored) == 2, stored
    # What is loaded decides the answer: with another beginning the same end is answered otherwise.
    assert not complete(server, OTHER).is_like(first)
    again, loaded = asked_again(server, PROMPT)
    assert loaded == 256
    assert again.is_like(first), (again, first)
    whole = files_of(server)
    mine = sorted(stored)
    mine[0].write_bytes(whole[mine[0]][:-1])
    mine[1].write_bytes(whole[mine[1]].replace(b"\0", b"\1", 1)[::-1])
    repaired, _ = asked_again(server, PROMPT)
    assert repaired.is_like(first), (repaired, first)
    for path in mine:
        assert f"{path} is damaged. The tokens of that block are computed anew." in server.log
    assert "Recovered from KV load failure" in server.log
    assert when(lambda: files_of(server).keys() >= set(mine))
    assert {path: files_of(server)[path] for path in mine} == {path: whole[path] for path in mine}
    # Prompts that begin alike, and are asked in one batch: stored, loaded, and damaged.
    prompts = [PROMPT + end for end in ("a", "b", "c", "d")]
    alone = [complete(server, prompt) for prompt in prompts]
    for number in range(ROUNDS):
        if number % 2:
            mine[number // 2].write_bytes(b"")
        reset(server)
        answers = together(server, prompts)
        assert all(map(Answer.is_like, answers, alone)), (number, answers, alone)
    return {"tokens": first.tokens, "loaded": loaded, "files": len(whole)}
