"""Proof on a real vLLM: a server edits the logits of the requests that ask for it, and no others.

Never rendered. The model is tiny and random; requests run together in one batch. tests/in_vllm runs it
where vLLM and the plugin are installed, with its own scripts on PYTHONPATH:

    python serve.py FOLDER NAME

FOLDER is empty, and gets the checkpoint; NAME is that of the argument in ``vllm_xargs``. It prints one
JSON object on the last line, and ends with an AssertionError if an answer is not as expected.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from openai import BadRequestError, OpenAI
from serving import serving
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

PROMPTS = ["Once", "upon a time", "there was", "a plugin"]
THRESHOLD = 0.001
TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


def save_checkpoint(folder: Path) -> None:
    """Write a random Llama whose tokens are the bytes, of which no prompt is like another."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: index for index, symbol in enumerate([*alphabet, "</s>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    sizes = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 32}
    tokens = {"vocab_size": 257, "bos_token_id": None, "eos_token_id": 256}
    more = {"max_position_embeddings": 512, "initializer_range": 0.15}
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(LlamaConfig(**sizes, **heads, **tokens, **more))
    model.float().save_pretrained(folder)


def complete(client: OpenAI, prompt: str, arguments: dict) -> list[str]:
    """Return the likeliest tokens after a prompt, asked with some arguments."""
    body = {"ignore_eos": True, "return_tokens_as_token_ids": True, "vllm_xargs": arguments}
    answer = client.completions.create(
        model="it", prompt=prompt, max_tokens=24, temperature=0, logprobs=1, extra_body=body
    )
    return answer.choices[0].logprobs.tokens


def chat(client: OpenAI, arguments: dict) -> str:
    answer = client.chat.completions.create(
        model="it",
        messages=[{"role": "user", "content": "Once"}],
        max_tokens=24,
        temperature=0,
        extra_body={"ignore_eos": True, "vllm_xargs": arguments},
    )
    return answer.choices[0].message.content


def together(client: OpenAI, arguments: list[dict]) -> list[list[str]]:
    """Send one request for each prompt at the same time."""
    with ThreadPoolExecutor(len(PROMPTS)) as threads:
        return list(threads.map(complete, [client] * len(PROMPTS), PROMPTS, arguments))


def refusal(client: OpenAI, arguments: dict) -> str:
    try:
        complete(client, "Once", arguments)
    except BadRequestError as error:
        return error.message
    raise AssertionError(f"{arguments} was not refused")


def prove(client: OpenAI, name: str) -> dict:
    idle = together(client, [{}] * len(PROMPTS))
    assert idle == [complete(client, prompt, {}) for prompt in PROMPTS], idle
    mixed = together(client, [{name: THRESHOLD}, {}, {name: THRESHOLD}, {"another": "x"}])
    changed = [row for row in range(len(PROMPTS)) if mixed[row] != idle[row]]
    assert changed == [0, 2], mixed
    assert chat(client, {name: THRESHOLD}) != chat(client, {}), "a chat is not edited"
    refusals = [refusal(client, {name: bad}) for bad in ("a", 2, [0.1])]
    for message in refusals:
        assert f"{name} = " in message, message
        assert "is not a threshold: give a number above 0, and 0.5 at most" in message, message
    assert together(client, [{}] * len(PROMPTS)) == idle, "after a refusal"
    return {"idle": idle, "mixed": mixed, "refusals": refusals}


def main() -> None:
    folder, name = Path(sys.argv[1]), sys.argv[2]
    save_checkpoint(folder)
    with serving(folder, "--served-model-name", "it") as client:
        answers = prove(client, name)
    # Last: the server writes until it has ended.
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
