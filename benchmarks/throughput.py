"""The plugin's decoder against vLLM's own Llama, with the same weights, in turns: one engine each.

Run by run.py in an environment with real vLLM and the plugin, on a CPU, or unchanged on a GPU. It
prints JSON. ``python throughput.py FOLDER ROUNDS OPTIONS``; OPTIONS is JSON for vLLM's LLM.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import torch

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
NAMES = {
    "plugin": {"architectures": ["MyModelForCausalLM"], "model_type": "vllm_my_model"},
    "in-tree": {"architectures": ["LlamaForCausalLM"], "model_type": "llama"},
}


def save(folder: Path, names: dict) -> Path:
    """Write a checkpoint with random weights, the same each time, under one model's names."""
    from transformers import LlamaConfig, LlamaForCausalLM

    if not folder.exists():
        torch.manual_seed(0)
        model = LlamaForCausalLM(LlamaConfig(**SIZES)).to(torch.bfloat16)
        model.save_pretrained(folder)
        file = folder / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | names))
    return folder


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
    """Return bytes: of the GPU where there is one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(folder: Path, rounds: int, options: dict) -> dict:
    from vllm import LLM

    llms, start_up = {}, {}
    for name, names in NAMES.items():
        checkpoint = save(folder / name, names)
        start = time.perf_counter()
        settings = {"max_model_len": 256, "skip_tokenizer_init": True, "dtype": "bfloat16"}
        llms[name] = LLM(str(checkpoint), enable_prefix_caching=False, **settings, **options)
        start_up[name] = time.perf_counter() - start
    tokens = {name: measure(llm, NEW_TOKENS)[1] for name, llm in llms.items()}
    samples: dict[str, dict[str, list]] = {name: {"rate": [], "first": []} for name in llms}
    for number in range(rounds):
        # Who is first changes, so that neither is always the one that finds the caches cold.
        for name in sorted(llms, reverse=number % 2 == 1):
            samples[name]["first"].append(measure(llms[name], 1)[0])
            seconds = measure(llms[name], NEW_TOKENS)[0]
            samples[name]["rate"].append(PROMPTS * NEW_TOKENS / seconds)
    equal = tokens["plugin"] == tokens["in-tree"]
    return {"samples": samples, "start-up": start_up, "same tokens": equal}


if __name__ == "__main__":
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    result = main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
    print(json.dumps(result | {"peak memory": peak_memory()}))
