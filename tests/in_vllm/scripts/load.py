"""Run beside a plugin's tests: load changed checkpoints, and leave what was said of each.

No engine starts: each model is built and filled as a worker does it. In result.json each case has
the names that a refusal must give, none if the checkpoint must load, and what was said, "" if it
was loaded.
"""

import importlib
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import reference
import torch
from _template.tiny_checkpoint import save_checkpoint
from safetensors.torch import load_file, save_file
from torch import nn
from vllm.config import set_current_vllm_config
from vllm.distributed import ensure_model_parallel_initialized, init_distributed_environment
from vllm.engine.arg_utils import EngineArgs
from vllm.model_executor.layers import fused_moe
from vllm.model_executor.model_loader import get_model_loader
from vllm.model_executor.model_loader.utils import initialize_model
from vllm.utils.torch_utils import set_default_torch_dtype

Weights = dict[str, torch.Tensor]
# What is changed in the weights and in config.json, and the names that a refusal must give.
Case = tuple[Callable[[Weights], Any], dict[str, Any], list[str]]
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


def add(name: str, tensor: torch.Tensor) -> Callable[[Weights], Any]:
    return lambda weights: weights.update({name: tensor})


def drop(*names: str) -> Callable[[Weights], Any]:
    return lambda weights: [weights.pop(name) for name in names]


def rename(old: str, new: str) -> Callable[[Weights], Any]:
    return lambda weights: weights.update(
        {name.replace(old, new): weights.pop(name) for name in list(weights) if old in name}
    )


def same(weights: Weights) -> None:
    """Change nothing."""


def cases_of_llama(layer: str, embedding: str) -> dict[str, Case]:
    """Return what every kind must do; ``layer`` is how the names of a layer's weights begin."""
    q, k, up, down = (
        f"{layer}{name}"
        for name in ("self_attn.q_proj", "self_attn.k_proj", "mlp.up_proj", "mlp.down_proj")
    )
    norm = f"{layer}input_layernorm"
    both = [f"{up}.weight", f"{norm}.weight"]
    return {
        "as it is": (same, {}, []),
        "a bias": (add(f"{q}.bias", torch.rand(128)), {}, [f"{q}.bias"]),
        "a bias with one value": (add(f"{k}.bias", torch.eye(64)[5]), {}, [f"{k}.bias"]),
        "a bias of zeros": (add(f"{q}.bias", torch.zeros(128)), {}, []),
        "a bias of a norm": (add(f"{norm}.bias", torch.rand(96)), {}, [f"{norm}.bias"]),
        "a surplus layer": (add(f"{layer}surplus.weight", torch.rand(4)), {}, ["surplus"]),
        "frequencies": (add(f"{layer}self_attn.rotary_emb.inv_freq", torch.rand(16)), {}, []),
        "no down_proj": (drop(f"{down}.weight"), {}, [f"{down}.weight"]),
        "no k_proj": (drop(f"{k}.weight"), {}, [f"{k}.weight"]),
        "neither up_proj nor norm": (drop(*both), {}, both),
        "no embedding": (drop(embedding), {}, [embedding]),
        "an unknown setting": (same, {"bias": True, "scale": 0.2}, ["bias = True", "scale = 0.2"]),
        "settings that ask for nothing": (same, {"bias": False, "scale": None, "list": []}, []),
        "what tools write": (same, {"use_cache": True, "torch_dtype": "float32"}, []),
        "another type of model": (same, {"is_encoder_decoder": True}, ["is_encoder_decoder"]),
    }


def cases_of(kind: str, config: dict) -> dict[str, Case]:
    """Return what one kind must do besides."""
    head = "lm_head.weight"
    cases: dict[str, dict[str, Case]] = {
        "decoder": {
            "no head": (drop(head), {}, [head]),
            "swish": (same, {"hidden_act": "swish"}, []),
        },
        "extend": {"no head": (drop(head), {}, [head])},
        "embedding": {"no head": (drop(head), {}, []), "no prefix": (rename("model.", ""), {}, [])},
        "multimodal": cases_of_llava(config) if kind == "multimodal" else {},
    }
    return cases[kind]


def cases_of_llava(config: dict) -> dict[str, Case]:
    """Return what a vision tower and a projector ask for, and two configs in one."""
    tower, bias = "vision_tower.", "multi_modal_projector.linear_1.bias"
    surplus = f"{tower}embeddings.patch_embedding.bias"
    key = "encoder.layers.0.self_attn.k_proj.bias"
    text, vision = ({**config[f"{part}_config"], "odd": 0.3} for part in ("text", "vision"))
    return {
        "names of transformers 4": (rename(tower, f"{tower}vision_model."), {}, []),
        "names in the model": (rename("language_model.model.", "model.language_model."), {}, []),
        "ids that were a buffer": (add(f"{tower}embeddings.position_ids", torch.arange(5)), {}, []),
        "no bias of the projector": (drop(bias), {}, [bias]),
        "no bias of the tower": (drop(tower + key), {}, [key]),
        "a bias of the tower": (add(surplus, torch.rand(64)), {}, ["patch_embedding.bias"]),
        "a setting of the text's": (same, {"text_config": text}, ["odd = 0.3"]),
        "a setting of the vision's": (same, {"vision_config": vision}, ["odd = 0.3"]),
        "features of the last layer": (same, {"vision_feature_layer": -1}, []),
    }


class Loader:
    """Loads checkpoints that differ in one thing from the one in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.parent, self.loads = folder.parent, 0
        self.use(folder)
        init_distributed_environment(1, 0, f"file://{folder.parent}/meeting", 0, "gloo")

    def use(self, folder: Path) -> None:
        self.folder = folder
        self.weights = load_file(folder / "model.safetensors")
        self.config = json.loads((folder / "config.json").read_text())

    def load(self, change: Callable[[Weights], Any] = same, settings: dict | None = None, **more):
        """Return the model. Raises what vLLM raises."""
        # A new place for each: vLLM remembers what it has read in a folder.
        self.loads += 1
        changed = shutil.copytree(self.folder, self.parent / f"changed_{self.loads}")
        weights = dict(self.weights)
        change(weights)
        save_file(weights, changed / "model.safetensors")
        (changed / "config.json").write_text(json.dumps(self.config | (settings or {})))
        options = {"dtype": "float32", "max_model_len": 128, "enforce_eager": True} | more
        config = EngineArgs(str(changed), **options).create_engine_config()
        with set_current_vllm_config(config), set_default_torch_dtype(torch.float32):
            ensure_model_parallel_initialized(1, 1)
            model = initialize_model(config)
            if config.load_config.load_format != "dummy":
                get_model_loader(config.load_config).load_weights(model, config.model_config)
        return model

    def said(self, *arguments, **more) -> str:
        """Return what vLLM says when it does not load a checkpoint, or "" if it does."""
        try:
            self.load(*arguments, **more)
        except Exception as error:
            return str(error)
        return ""


Said = dict[str, tuple[list[str], str]]


def load_updates(loader: Loader) -> Said:
    """Load one weight into models that have theirs already, as training does."""
    [norm] = [name for name in loader.weights if name.endswith("model.norm.weight")]
    bias = norm.replace(".weight", ".bias")
    results: Said = {}
    already: dict[str, Any] = {"a checkpoint": {}, "none": {"load_format": "dummy"}}
    for title, options in already.items():
        model = loader.load(**options)
        for name, expected in ((norm, []), (bias, [bias])):
            said = ""
            try:
                model.load_weights([(name, torch.rand(96))])
            except ValueError as error:
                said = str(error)
            results[f"an update of {name} after {title}"] = (expected, said)
    return results


def load_tied(loader: Loader) -> Said:
    """Load a checkpoint whose head is its embedding, with and without a copy of it."""
    original, folder = loader.folder, loader.folder.parent / "tied"
    save_checkpoint(folder, tie_word_embeddings=True)
    loader.use(folder)
    results: Said = {
        "a tied head": ([], loader.said()),
        "a tied head that is left out": ([], loader.said(drop("lm_head.weight"))),
    }
    loader.use(original)
    return results


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


if __name__ == "__main__":
    # vLLM reads a config.json that is refused once more, after a while.
    time.sleep = lambda seconds: None
    folder, kind = Path(sys.argv[1]), json.loads(sys.argv[2])["kind"]
    save_checkpoint(folder)
    loader = Loader(folder)
    [q] = [
        name for name in loader.weights if name.endswith("model.layers.0.self_attn.q_proj.weight")
    ]
    body = q.removesuffix("layers.0.self_attn.q_proj.weight")
    cases = cases_of_llama(f"{body}layers.0.", f"{body}embed_tokens.weight")
    cases |= cases_of(kind, loader.config)
    results = {name: (names, loader.said(*changes)) for name, (*changes, names) in cases.items()}
    overridden = loader.said(hf_overrides={"scale": 0.2})
    results |= {"an unknown setting in --hf-overrides": (["scale = 0.2"], overridden)}
    if kind == "multimodal":
        deep = loader.said(hf_overrides={"text_config": {"scale": 0.2}})
        results |= {"an unknown setting of a part in --hf-overrides": (["scale = 0.2"], deep)}
    results |= load_updates(loader)
    if kind != "multimodal":
        results |= load_tied(loader)
    if kind == "decoder":
        results |= load_families(loader)
        loader.use(folder)
        results |= load_mixture(loader)
    (folder / "result.json").write_text(json.dumps(results))
