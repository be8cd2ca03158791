"""How checkpoints of this kind differ from Llama's, for tests/in_vllm/scripts/load.py."""

import torch
from loader import Case, Loader, Said, add, drop, rename, same


def cases(config: dict) -> dict[str, Case]:
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


def load_more(loader: Loader) -> Said:
    """Override a setting of one part of a config."""
    said = loader.said(hf_overrides={"text_config": {"scale": 0.2}})
    return {"an unknown setting of a part in --hf-overrides": (["scale = 0.2"], said)}
