"""A tiny Llama with random weights, made on the spot: checkpoints for vLLM, and HF as reference."""

import gc
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

# Small, but nothing is equal by chance: fewer KV heads than heads, a RoPE base that is no default,
# and weights large enough that a wrong position or head changes the tokens.
SIZES: dict = {
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 128,
    "rope_parameters": {"rope_type": "default", "rope_theta": 5000.0},
    "initializer_range": 0.15,
}
PROMPTS = ["a", "plugin", "The quick brown fox", "vLLM", "0123456789", "one two", "...", "(x + y)"]


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token for every byte, and one that ends a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: index for index, symbol in enumerate([*alphabet, "</s>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")


def save_checkpoint(folder: Path, *, tie_word_embeddings: bool, **config_json) -> LlamaForCausalLM:
    """Write tokenizer, weights and config.json into ``folder``, and return the model in HF.

    ``config_json`` is written over what HF's Llama puts into config.json.
    """
    tokenizer = make_tokenizer()
    config = LlamaConfig(
        **SIZES,
        vocab_size=len(tokenizer),
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=tie_word_embeddings,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # Many checkpoints hold what is tied or computed as well; loading must cope with it.
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(SIZES["head_dim"] // 2)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config_json))
    return model


@torch.no_grad()
def greedy_in_hf(
    model: LlamaForCausalLM, prompt: str, steps: int, suppressed: tuple[int, ...] = ()
) -> tuple[list[int], list[float]]:
    """Return ``steps`` greedy tokens after ``prompt`` in HF, and the logprob (natural) of each.

    The tokens in ``suppressed`` are given no probability.
    """
    tokens, logprobs = make_tokenizer()(prompt)["input_ids"], []
    for _ in range(steps):
        logits = model(torch.tensor([tokens])).logits[0, -1]
        logits[list(suppressed)] = float("-inf")
        best = logits.log_softmax(-1).max(-1)
        tokens.append(int(best.indices))
        logprobs.append(float(best.values))
    return tokens[-steps:], logprobs


def greedy_in_vllm(
    folder: Path, prompts: list[str], steps: int, **engine_options
) -> list[tuple[list[int], list[float]]]:
    """Return the same from vLLM for the checkpoint in ``folder``, for each of the prompts."""
    from vllm import LLM, SamplingParams

    llm = LLM(model=str(folder), dtype="float32", max_model_len=128, seed=0, **engine_options)
    sampling = SamplingParams(temperature=0, max_tokens=steps, ignore_eos=True, logprobs=0)
    results = []
    for output in llm.generate(prompts, sampling, use_tqdm=False):
        tokens, choices = output.outputs[0].token_ids, output.outputs[0].logprobs
        logprobs = [choice[token].logprob for token, choice in zip(tokens, choices, strict=True)]
        results.append((list(tokens), logprobs))
    # Ends vLLM's processes. Left to the end of Python, they may keep it from ending.
    del llm
    gc.collect()
    return results
