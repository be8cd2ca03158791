"""Run beside a plugin's tests: serve a checkpoint, and ask the server by OpenAI's client."""

import json
import sys
from pathlib import Path

from _template.tiny_checkpoint import greedy_in_hf, save_checkpoint
from embed import embed_in_hf, rounded_like
from openai import OpenAI
from reference import PROMPTS
from serving import serving

STEPS = 8


def complete(client: OpenAI, model: str) -> list[list[int]]:
    # Tokens and not text: the server holds back a character that the last token leaves unfinished.
    extra = {"ignore_eos": True, "return_token_ids": True}
    options = {"max_tokens": STEPS, "temperature": 0, "extra_body": extra}
    answer = client.completions.create(model=model, prompt=PROMPTS, **options)
    return [choice.token_ids for choice in answer.choices]


def embed(client: OpenAI, model: str) -> list[list[float]]:
    answer = client.embeddings.create(model=model, input=PROMPTS, encoding_format="float")
    return [row.embedding for row in answer.data]


def complete_in_hf(reference, prompt: str) -> list[int]:
    return greedy_in_hf(reference, prompt, STEPS)[0]


if __name__ == "__main__":
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    reference = save_checkpoint(folder, tie_word_embeddings=False, **options["names"])
    pooling = options["pooling"]
    runner = ["--runner", "pooling"] if pooling else []
    with serving(folder, "--max-model-len", "128", *runner) as server:
        client = server.client
        models = [model.id for model in client.models.list()]
        answers = (embed if pooling else complete)(client, models[0])
    expected = [(embed_in_hf if pooling else complete_in_hf)(reference, text) for text in PROMPTS]
    if pooling:
        answers = rounded_like(answers, expected)
    results = {
        "server": {"models": models, "answers": answers},
        "HF": {"models": [str(folder)], "answers": expected},
    }
    (folder / "result.json").write_text(json.dumps(results))
