"""Writes a random checkpoint of vLLM's own Llama, and runs checkpoints. No need to edit this file."""

import gc
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, LlamaConfig

# Fewer KV heads than heads, and no two sizes that are equal by chance.
SIZES = {"hidden_size": 96, "intermediate_size": 192, "num_hidden_layers": 2, "head_dim": 32}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2}
TOKENS = {"vocab_size": 257, "bos_token_id": None, "eos_token_id": 256}
PROMPTS = [[1], [7, 8, 9], [200, 100, 50, 25], [256, 0], list(range(40, 60))]
STEPS = 16
Generated = list[tuple[list[int], list[float]]]


def save_llama(folder: Path) -> None:
    """Write a Llama with random weights in float32, which no tokenizer goes with."""
    more = {"initializer_range": 0.15, "max_position_embeddings": 128, "rms_norm_eps": 0.1}
    torch.manual_seed(0)
    config = LlamaConfig(**SIZES, **HEADS, **TOKENS, **more, tie_word_embeddings=False)
    AutoModelForCausalLM.from_config(config).float().save_pretrained(folder)


@torch.no_grad()
def greedy_in_hf(weights: dict[str, torch.Tensor], folder: Path) -> Generated:
    """Return STEPS greedy tokens after each prompt, and the logprob (natural) of each.

    In Hugging Face, of the model whose config.json is in ``folder``, with other weights.
    """
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    model.load_state_dict(weights)
    results: Generated = []
    for prompt in PROMPTS:
        tokens, logprobs = list(prompt), []
        for _ in range(STEPS):
            best = model(torch.tensor([tokens])).logits[0, -1].log_softmax(-1).max(-1)
            tokens.append(int(best.indices))
            logprobs.append(float(best.values))
        results.append((tokens[-STEPS:], logprobs))
    return results


def greedy_in_vllm(folder: Path, **engine_options: Any) -> Generated:
    """Return the same from vLLM for the checkpoint in ``folder``."""
    from vllm import LLM, SamplingParams

    options = {"dtype": "float32", "max_model_len": 128, "skip_tokenizer_init": True, "seed": 0}
    llm = LLM(model=str(folder), **(options | engine_options))
    # Without a tokenizer there is no text to make of tokens.
    settings = {"ignore_eos": True, "logprobs": 0, "detokenize": False}
    sampling = SamplingParams(temperature=0, max_tokens=STEPS, **settings)
    prompts: Any = [{"prompt_token_ids": prompt} for prompt in PROMPTS]
    results: Generated = []
    for output in llm.generate(prompts, sampling, use_tqdm=False):
        tokens, choices = output.outputs[0].token_ids, output.outputs[0].logprobs
        logprobs = [choice[token].logprob for token, choice in zip(tokens, choices, strict=True)]
        results.append((list(tokens), logprobs))
    # Ends vLLM's processes. Left to the end of Python, they may keep it from ending.
    del llm
    gc.collect()
    return results
