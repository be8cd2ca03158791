"""The plugin's decoder against vLLM's own Llama, with the same weights, in turns: one engine each.

Run by run.py in an environment with real vLLM and the plugin, on a CPU, or unchanged on a GPU. It
prints JSON. ``python throughput.py FOLDER ROUNDS OPTIONS [MODEL ...]``; OPTIONS is JSON for vLLM's
LLM, a MODEL is "plugin" or "in-tree". Peak memory means something only where there is one.
"""

import json
import os
import sys
import time
from pathlib import Path

import psutil
import torch

# As in a small model for production: large enough that the model, not Python, decides.
SIZES = {
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "vocab_size": 8192,
    "max_position_embeddings": 1024,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
}
PROMPTS, PROMPT_TOKENS, NEW_TOKENS = 8, 64, 32
if torch.cuda.is_available():
    SIZES |= {"hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24}
    SIZES |= {"num_attention_heads": 32}
    PROMPTS = 64
# Of a GPU each engine takes what its model needs, and a fixed part for the KV cache: by default it
# would take nearly all, so that two had no room, and the peak would say nothing about the model.
SETTINGS = {
    "dtype": "bfloat16",
    "max_model_len": 256,
    "kv_cache_memory_bytes": 2**30,
    "gpu_memory_utilization": 0.3,
    "enable_prefix_caching": False,
}
NAMES = {
    "plugin": {"architectures": ["MyModelForCausalLM"], "model_type": "vllm_my_model"},
    "in-tree": {"architectures": ["LlamaForCausalLM"], "model_type": "llama"},
}


def save(folder: Path, name: str) -> Path:
    """Write a checkpoint with random weights, the same each time, under one model's names."""
    from transformers import LlamaConfig, LlamaForCausalLM

    if not (folder / name).exists():
        torch.manual_seed(0)
        model = LlamaForCausalLM(LlamaConfig(**SIZES)).to(torch.bfloat16)
        model.save_pretrained(folder / name)
        file = folder / name / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | NAMES[name]))
    return folder / name


def measure(llm, new_tokens: int) -> tuple[float, list]:
    """Generate for all prompts; return seconds and tokens."""
    from vllm import SamplingParams

    prompts = [
        {"prompt_token_ids": [(7 * row + 13 * place) % 8000 + 1 for place in range(PROMPT_TOKENS)]}
        for row in range(PROMPTS)
    ]
    sampling = SamplingParams(temperature=0, max_tokens=new_tokens, ignore_eos=True)
    start = time.perf_counter()
    outputs = llm.generate(prompts, sampling, use_tqdm=False)
    return time.perf_counter() - start, [list(o.outputs[0].token_ids) for o in outputs]


def peak_memory() -> int:
    """Return bytes: of all GPUs where there are some, else of this process and all below it."""
    if torch.cuda.is_available():
        # In all processes. PyTorch keeps what it once had, so that this is the peak.
        memory = map(torch.cuda.mem_get_info, range(torch.cuda.device_count()))
        return sum(total - free for free, total in memory)
    this = psutil.Process()
    found = [Path(f"/proc/{each.pid}/status") for each in [this, *this.children(recursive=True)]]
    lines = [line.split() for file in found for line in file.read_text().splitlines()]
    return 1024 * sum(int(words[1]) for words in lines if words[0] == "VmHWM:")


def compiled_files() -> list[str]:
    """Return the names of the C++ files that the compiler wrote: each is a hash of what is in it."""
    return sorted(path.name for path in Path(os.environ["VLLM_CACHE_ROOT"]).rglob("*.cpp"))


def main(folder: Path, rounds: int, options: dict, names: list[str]) -> dict:
    from vllm import LLM

    llms = {}
    for name in names:
        llms[name] = LLM(str(save(folder, name)), skip_tokenizer_init=True, **SETTINGS, **options)
    tokens = {name: measure(llm, NEW_TOKENS)[1] for name, llm in llms.items()}
    samples: dict[str, dict[str, list]] = {name: {"rate": [], "first": []} for name in llms}
    for number in range(rounds):
        # Who is first changes, so that neither is always the one that finds the caches cold.
        for name in sorted(llms, reverse=number % 2 == 1):
            samples[name]["first"].append(measure(llms[name], 1)[0])
            seconds = measure(llms[name], NEW_TOKENS)[0]
            samples[name]["rate"].append(PROMPTS * NEW_TOKENS / seconds)
    return {
        "samples": samples,
        "tokens": tokens,
        "peak memory": peak_memory(),
        "compiled files": compiled_files(),
    }


if __name__ == "__main__":
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    names = sys.argv[4:] or list(NAMES)
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), names)))
