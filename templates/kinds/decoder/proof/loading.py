"""How checkpoints of this kind differ from Llama's, for tests/in_vllm/scripts/load.py."""

import importlib
import json
from typing import Any

import reference
import torch
from _template.tiny_checkpoint import save_checkpoint
from loader import Case, Loader, Said, Weights, drop, load_tied, same
from torch import nn
from vllm.model_executor.layers import fused_moe

HEAD = "lm_head.weight"
# Models in Llama's layout, or near it, with what tells them from it.
FAMILIES = {
    "cohere": ["logit_scale = 0.0625"],
    "gemma": ["hidden_act", "gelu_pytorch_tanh"],
    "granite": ["residual_multiplier = 1.0"],
    "mistral": ["sliding_window = 4096"],
    "olmo": ["model.norm.weight"],
    "olmo2": ["post_feedforward_layernorm"],
    "phi3": ["original_max_position_embeddings"],
    "qwen2": ["self_attn.q_proj.bias"],
    "qwen3": ["self_attn.k_norm"],
    "seed_oss": ["attention_bias = True"],
    "smollm3": ["no_rope_layers"],
    "stablelm": ["layer_norm_eps"],
    "starcoder2": ["use_bias = True"],
}
# What some of them set, and what changes nothing there.
HARMLESS_THERE = {"max_window_layers": None}
EXPERTS = 4


def cases(config: dict) -> dict[str, Case]:
    """Return what this kind must do besides."""
    return {
        "no head": (drop(HEAD), {}, [HEAD]),
        "swish": (same, {"hidden_act": "swish"}, []),
    }


def load_families(loader: Loader) -> Said:
    """Load checkpoints of other families, with the names changed as README says."""
    results: Said = {}
    llama = json.dumps(reference.CONFIG | {"pad_token_id": 0, "bos_token_id": 1})
    for family, expected in FAMILIES.items():
        reference.CONFIG = json.loads(llama) | {"model_type": family}
        folder = loader.folder.parent / family
        save_checkpoint(folder, **HARMLESS_THERE)
        loader.use(folder)
        results[f"a checkpoint of {family}"] = (expected, loader.said())
    return results


def load_mixture(loader: Loader) -> Said:
    """Load a mixture of experts into a model whose author has not mapped the experts' names."""
    model: Any = importlib.import_module(f"{reference.about.__package__}.model")
    model.DecoderMLP = Mixture

    def change(weights: Weights) -> None:
        for name in [name for name in weights if ".mlp." in name]:
            layer, _, projection = name.partition("mlp.")
            matrix = weights.pop(name)
            for expert in range(EXPERTS):
                weights[f"{layer}mlp.experts.{expert}.{projection}"] = matrix + expert
            weights[f"{layer}mlp.gate.weight"] = torch.rand(EXPERTS, 96)

    return {"a mixture of experts": (["w13_weight"], loader.said(change))}


class Mixture(nn.Module):
    """A mixture of experts in place of the MLP, as far as loading goes."""

    def __init__(self, vllm_config, prefix: str) -> None:
        super().__init__()
        config = vllm_config.model_config.hf_config
        # The name since 0.32, and the one before.
        experts = getattr(fused_moe, "FusedMoEFactory", None) or fused_moe.FusedMoE
        options = {"num_experts": EXPERTS, "top_k": 2, "hidden_size": config.hidden_size}
        options |= {"intermediate_size": config.intermediate_size, "renormalize": True}
        self.gate = nn.Linear(config.hidden_size, EXPERTS, bias=False)
        self.experts = experts(**options, prefix=f"{prefix}.experts")


def load_more(loader: Loader) -> Said:
    """Load checkpoints that are not changed from the one that the loader has."""
    folder = loader.folder
    results = load_tied(loader) | load_families(loader)
    loader.use(folder)
    return results | load_mixture(loader)
