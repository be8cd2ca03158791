"""Run beside a plugin's tests: serve a checkpoint, and ask the server by OpenAI's client."""

import json
import subprocess
import sys
import time
from pathlib import Path
from socket import socket
from urllib.error import URLError
from urllib.request import urlopen

from embed import embed_in_hf, rounded_like
from openai import OpenAI
from tiny_llama import PROMPTS, greedy_in_hf, save_checkpoint

STEPS = 8


def wait_for(server: subprocess.Popen, address: str) -> None:
    """Return when the server is ready; raise RuntimeError if it ends or needs five minutes."""
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        try:
            urlopen(f"{address}/health", timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(1)
    raise RuntimeError("the server was not ready in five minutes")


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
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)]
    command += ["--dtype", "float32", "--max-model-len", "128", "--port", str(port)]
    command += ["--enforce-eager"]
    pooling = options["pooling"]
    if pooling:
        command += ["--runner", "pooling"]
    server = subprocess.Popen(command)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(server, address)
        client = OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)
        models = [model.id for model in client.models.list()]
        answers = (embed if pooling else complete)(client, models[0])
    finally:
        server.terminate()
        server.wait(60)
    expected = [(embed_in_hf if pooling else complete_in_hf)(reference, text) for text in PROMPTS]
    if pooling:
        answers = rounded_like(answers, expected)
    results = {
        "server": {"models": models, "answers": answers},
        "HF": {"models": [str(folder)], "answers": expected},
    }
    (folder / "result.json").write_text(json.dumps(results))
