"""Proof on a real vLLM: a server edits the logits of the requests that ask for it, and no others.

Never rendered; tests/in_vllm/scripts/served.py runs it. The model is tiny and random; requests run
together in one batch.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from openai import BadRequestError

PROMPTS = ["Once", "upon a time", "there was", "a plugin"]
THRESHOLD = 0.001


def options(names: Any, folder: Path) -> list[str]:
    return []


def complete(server: Any, prompt: str, arguments: dict) -> list[str]:
    """Return the likeliest tokens after a prompt, asked with some arguments."""
    body = {"ignore_eos": True, "return_tokens_as_token_ids": True, "vllm_xargs": arguments}
    answer = server.client.completions.create(
        model=server.model, prompt=prompt, max_tokens=24, temperature=0, logprobs=1, extra_body=body
    )
    return answer.choices[0].logprobs.tokens


def chat(server: Any, arguments: dict) -> str:
    answer = server.client.chat.completions.create(
        model=server.model,
        messages=[{"role": "user", "content": "Once"}],
        max_tokens=24,
        temperature=0,
        # A reasoning parser beside it would take all of the answer for reasoning.
        extra_body={
            "ignore_eos": True,
            "vllm_xargs": arguments,
            "chat_template_kwargs": {"enable_thinking": False},
        },
    )
    return answer.choices[0].message.content


def together(server: Any, arguments: list[dict]) -> list[list[str]]:
    """Send one request for each prompt at the same time."""
    with ThreadPoolExecutor(len(PROMPTS)) as threads:
        return list(threads.map(complete, [server] * len(PROMPTS), PROMPTS, arguments))


def refusal(server: Any, arguments: dict) -> str:
    try:
        complete(server, "Once", arguments)
    except BadRequestError as error:
        return error.message
    raise AssertionError(f"{arguments} was not refused")


def prove(server: Any, names: Any) -> dict:
    name = names.registered
    idle = together(server, [{}] * len(PROMPTS))
    assert idle == [complete(server, prompt, {}) for prompt in PROMPTS], idle
    mixed = together(server, [{name: THRESHOLD}, {}, {name: THRESHOLD}, {"another": "x"}])
    changed = [row for row in range(len(PROMPTS)) if mixed[row] != idle[row]]
    assert changed == [0, 2], mixed
    assert chat(server, {name: THRESHOLD}) != chat(server, {}), "a chat is not edited"
    refusals = [refusal(server, {name: bad}) for bad in ("a", 2, [0.1])]
    for message in refusals:
        assert f"{name} = " in message, message
        assert "is not a threshold: give a number above 0, and 0.5 at most" in message, message
    assert together(server, [{}] * len(PROMPTS)) == idle, "after a refusal"
    return {"idle": idle, "mixed": mixed, "refusals": refusals}
