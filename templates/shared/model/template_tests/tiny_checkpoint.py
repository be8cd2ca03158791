"""Writes a checkpoint with random weights for the model in reference.py, and runs it.

``python tests/_template/tiny_checkpoint.py FOLDER`` writes one that vLLM serves. No need to edit this
file: reference.py says what the model is.
"""

import gc
import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoConfig, PreTrainedTokenizerFast

if __name__ == "__main__":
    # Where pytest finds it too.
    sys.path.insert(0, str(Path(__file__).parents[1]))
import reference  # noqa: E402


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token for every byte, and one that ends a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: index for index, symbol in enumerate([*alphabet, "</s>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")


def make_reference(**settings: Any) -> Any:
    """Return the model in Hugging Face, every tensor of it random, with some other settings."""
    config = AutoConfig.for_model(**reference.CONFIG | settings)
    torch.manual_seed(0)
    model = reference.MODEL_CLASS.from_config(config).float().eval()
    with torch.no_grad():
        for values in model.state_dict().values():
            # Norms of 1 and biases of 0 would hide that two are swapped, or that one is missing.
            if values.is_floating_point() and values.min() == values.max():
                values += 0.3 * torch.randn_like(values)
    return model


def save_checkpoint(folder: Path, *, tie_word_embeddings: bool = False, **config_json: Any) -> Any:
    """Write a checkpoint of this plugin's model into ``folder``; return the model in Hugging Face.

    ``config_json`` is written over what would be in config.json. The weights have the names under
    which Hugging Face saves them, which are not always those in the model.
    """
    model = make_reference(tie_word_embeddings=tie_word_embeddings)
    model.save_pretrained(folder)
    reference.make_processor(make_tokenizer()).save_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    save_file(weights | also_in_old_checkpoints(weights), folder / "model.safetensors")
    path = folder / "config.json"
    settings = json.loads(path.read_text()) | reference.NAMES | config_json
    path.write_text(json.dumps(settings, indent=2))
    return model


def also_in_old_checkpoints(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return what many checkpoints hold as well: a tied head, and what RoPE computes."""
    more = {}
    for name, weight in weights.items():
        head = name.replace("model.embed_tokens.", "lm_head.")
        if head != name and head not in weights:
            more[head] = weight.clone()
        if name.endswith("model.layers.0.self_attn.q_proj.weight"):
            more[name.replace("q_proj.weight", "rotary_emb.inv_freq")] = torch.rand(16)
    return more


@torch.no_grad()
def greedy_in_hf(
    model: Any, prompt: str, steps: int, suppressed: tuple[int, ...] = ()
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
    folder: Path, prompts: list[str], steps: int, **engine_options: Any
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


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/_template/tiny_checkpoint.py FOLDER")
    save_checkpoint(Path(sys.argv[1]))
    print(f"{sys.argv[1]} holds a checkpoint with random weights for {reference.NAMES}.")
