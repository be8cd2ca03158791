"""A small random Llama, as a checkpoint, and what Hugging Face and vLLM make of it."""

import gc
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

LAYERS = 2
# Two in each layer, and one at the end.
NORMS = 2 * LAYERS + 1
# Token numbers: so no tokenizer is needed.
PROMPTS = [[1], [7, 5, 9, 40], [60, 2, 2, 31, 18], list(range(20))]


def save_checkpoint(folder: Path) -> Any:
    """Write a checkpoint into ``folder``; return the model in Hugging Face."""
    sizes = {"vocab_size": 64, "hidden_size": 64, "intermediate_size": 96}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32}
    # An epsilon that is no default, and weights so large that a wrong norm changes the tokens.
    values = {"rms_norm_eps": 0.1, "initializer_range": 0.15, "max_position_embeddings": 64}
    ends: dict[str, Any] = {"bos_token_id": None, "eos_token_id": None}
    torch.manual_seed(0)
    config = LlamaConfig(num_hidden_layers=LAYERS, **sizes, **heads, **values, **ends)
    model = LlamaForCausalLM(config).float().eval()
    for name, weight in model.named_parameters():
        if "norm" in name:
            # Ones would hide that a weight is missing.
            torch.nn.init.normal_(weight, 1, 0.3)
    model.save_pretrained(folder)
    return model


@torch.no_grad()
def greedy_in_hf(model: Any, prompt: list[int], steps: int) -> list[int]:
    """Return ``steps`` greedy tokens after ``prompt`` in HF."""
    tokens = list(prompt)
    for _ in range(steps):
        tokens.append(int(model(torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens[-steps:]


def run_in_vllm(folder: Path, steps: int, **engine_options: Any) -> tuple[list[list[int]], Counter]:
    """Return the same from vLLM for each of PROMPTS, and how many layers of which class there are.

    A layer is counted as ("package.module:Class", the method that runs).
    VLLM_ALLOW_INSECURE_SERIALIZATION must be 1.
    """
    from vllm import LLM, SamplingParams

    options = {"dtype": "float32", "max_model_len": 64, "skip_tokenizer_init": True}
    llm = LLM(model=str(folder), **options | engine_options)
    sampling = SamplingParams(temperature=0, max_tokens=steps, ignore_eos=True, detokenize=False)
    prompts: list[Any] = [{"prompt_token_ids": tokens} for tokens in PROMPTS]
    outputs = llm.generate(prompts, sampling, use_tqdm=False)
    results = [list(output.outputs[0].token_ids) for output in outputs]
    [found] = llm.apply_model(layers_in)
    layers = Counter(tuple(layer) for layer in found)
    # Ends vLLM's processes. Left to the end of Python, they may keep it from ending.
    del llm
    gc.collect()
    return results, layers


def layers_in(model: torch.nn.Module) -> list[list[str]]:
    """Return class and method of each layer of a model; see ``run_in_vllm``. Runs in vLLM's worker.

    As lists of strings: what vLLM cannot send back, such as a dict of tuples, it waits for forever.
    """
    return [
        [
            f"{type(layer).__module__}:{type(layer).__qualname__}",
            getattr(layer, "_forward_method", layer.forward).__name__,
        ]
        for layer in model.modules()
    ]
