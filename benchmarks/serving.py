"""The plugin's decoder against vLLM's own Llama, each in a server, under load from vLLM's own bench.

Run by run.py in an environment with real vLLM and the plugin, on a CPU, or unchanged on a GPU. It
prints JSON. ``python serving.py FOLDER ROUNDS ARGUMENT ...``; the arguments are the servers'.
"""

import json
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from socket import socket

from throughput import NAMES, NEW_TOKENS, PROMPT_TOKENS, PROMPTS, SETTINGS, SIZES, save

REQUESTS = 4 * PROMPTS
OPTIONS = ["--no-enable-prefix-caching"]
for setting in ("dtype", "max_model_len", "kv_cache_memory_bytes", "gpu_memory_utilization"):
    OPTIONS += [f"--{setting.replace('_', '-')}", str(SETTINGS[setting])]
# The command "vllm bench serve" in an environment where vLLM has another distribution's name.
BENCH = """
from vllm.benchmarks.serve import add_cli_args, main
from vllm.utils.argparse_utils import FlexibleArgumentParser

parser = FlexibleArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""


def add_tokenizer(checkpoint: Path) -> None:
    """Give a checkpoint a tokenizer with a word for each token."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {f"w{number}": number for number in range(SIZES["vocab_size"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    words = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="w0", eos_token="w1")
    words.save_pretrained(checkpoint)


def start_server(stack: ExitStack, checkpoint: Path, arguments: list[str]) -> str:
    """Start a server, which ends with the stack, and return its address once it answers."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--port", port]
    command += ["--model", str(checkpoint), *OPTIONS, *arguments]
    server = subprocess.Popen(command, stdout=sys.stderr)
    stack.callback(server.wait, timeout=60)
    stack.callback(server.terminate)
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(1)
    raise RuntimeError("the server was not ready in five minutes")


def bench(address: str, checkpoint: Path, file: Path) -> dict:
    """Put a server under load; return what vLLM's bench reports."""
    command = [sys.executable, "-c", BENCH, "--base-url", address, "--model", str(checkpoint)]
    command += ["--dataset-name", "random", "--num-prompts", str(REQUESTS), "--ignore-eos"]
    command += ["--random-input-len", str(PROMPT_TOKENS), "--random-output-len", str(NEW_TOKENS)]
    command += ["--max-concurrency", str(PROMPTS), "--num-warmups", str(PROMPTS), "--seed", "0"]
    command += ["--temperature", "0", "--disable-tqdm"]
    command += ["--save-result", "--result-dir", str(file.parent), "--result-filename", file.name]
    subprocess.run(command, check=True, stdout=sys.stderr, timeout=1800)
    report = json.loads(file.read_text())
    if report["completed"] != REQUESTS:
        raise RuntimeError(f"{report['completed']} of {REQUESTS} requests were answered")
    return report


def main(folder: Path, rounds: int, arguments: list[str]) -> dict:
    samples: dict[str, dict[str, list]] = {name: {"rate": [], "first": []} for name in NAMES}
    with ExitStack() as stack:
        servers = {}
        for name in NAMES:
            add_tokenizer(save(folder, name))
            servers[name] = start_server(stack, folder / name, arguments)
        for number in range(rounds):
            # Who is first changes, as in throughput.py.
            for name in sorted(servers, reverse=number % 2 == 1):
                report = bench(servers[name], folder / name, folder / "report.json")
                samples[name]["rate"].append(report["output_throughput"])
                samples[name]["first"].append(report["median_ttft_ms"] / 1000)
    return {"samples": samples}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))
