"""A loader for checkpoints that differ from the tiny one, beside a plugin's tests.

No engine starts: each model is built and filled as a worker does it.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from _template.tiny_checkpoint import save_checkpoint
from safetensors.torch import load_file, save_file
from vllm.config import set_current_vllm_config
from vllm.distributed import ensure_model_parallel_initialized, init_distributed_environment
from vllm.engine.arg_utils import EngineArgs
from vllm.model_executor.model_loader import get_model_loader
from vllm.model_executor.model_loader.utils import initialize_model
from vllm.utils.torch_utils import set_default_torch_dtype

Weights = dict[str, torch.Tensor]
# What is changed in the weights and in config.json, and the names that a refusal must give.
Case = tuple[Callable[[Weights], Any], dict[str, Any], list[str]]


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
