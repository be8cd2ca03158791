"""A checkpoint for the scripts that ask a server for a text: random, and its tokens are the bytes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"
END_OF_TEXT = "</s>"


def save_checkpoint(
    folder: Path, markers: Iterable[str] = (), **config_json: Any
) -> PreTrainedTokenizerFast:
    """Write a random Llama; return its tokenizer.

    ``markers`` are special tokens beside the bytes; ``config_json`` is written over what would be in
    config.json.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: index for index, symbol in enumerate([*alphabet, END_OF_TEXT])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(each, special=True) for each in markers])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END_OF_TEXT)
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    sizes = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 32}
    end = fast.eos_token_id
    tokens = {"vocab_size": len(fast), "bos_token_id": None, "eos_token_id": end}
    more = {"max_position_embeddings": 512, "initializer_range": 0.15}
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(LlamaConfig(**sizes, **heads, **tokens, **more))
    model.float().save_pretrained(folder)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config_json))
    return fast
