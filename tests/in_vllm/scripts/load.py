"""Run beside a plugin's tests: load changed checkpoints, and leave what was said of each.

In result.json each case has the names that a refusal must give, none if the checkpoint must load,
and what was said, "" if it was loaded.
"""

import json
import sys
import time
from pathlib import Path

import loading
import torch
from _template.tiny_checkpoint import save_checkpoint
from loader import Case, Loader, add, drop, load_updates, same


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


if __name__ == "__main__":
    # vLLM reads a config.json that is refused once more, after a while.
    time.sleep = lambda seconds: None
    folder = Path(sys.argv[1])
    save_checkpoint(folder)
    loader = Loader(folder)
    [q] = [
        name for name in loader.weights if name.endswith("model.layers.0.self_attn.q_proj.weight")
    ]
    body = q.removesuffix("layers.0.self_attn.q_proj.weight")
    cases = cases_of_llama(f"{body}layers.0.", f"{body}embed_tokens.weight")
    cases |= loading.cases(loader.config)
    results = {name: (names, loader.said(*changes)) for name, (*changes, names) in cases.items()}
    overridden = loader.said(hf_overrides={"scale": 0.2})
    results |= {"an unknown setting in --hf-overrides": (["scale = 0.2"], overridden)}
    results |= load_updates(loader) | loading.load_more(loader)
    (folder / "result.json").write_text(json.dumps(results))
