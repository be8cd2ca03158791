"""Refuses a checkpoint that the model does not hold completely. No need to edit this file.

vLLM drops a bias that a model has no place for, and where the weight of a linear layer is missing,
it runs with whatever is in memory. Either gives wrong text, and nothing is logged.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from weakref import ref

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.parameter import UninitializedParameter
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from vllm.config import get_current_vllm_config_or_none
from vllm.model_executor.layers.quantization.kv_cache import BaseKVCacheMethod
from vllm.model_executor.models.utils import is_pp_missing_parameter

from ._settings import refuse_unknown_settings

Weights = Iterable[tuple[str, torch.Tensor]]

# Weights that change nothing: computed from config.json, but written by old versions of
# transformers; and the scales of a quantized KV cache, for which there is no place without one.
HARMLESS = (
    *("rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached"),
    *("rotary_pos_emb.inv_freq", ".k_scale", ".v_scale", ".q_scale", ".kv_scale", ".prob_scale"),
)
# vLLM sets this parameter itself, from the settings of the quantization.
SET_BY_VLLM = ".input_scale_ub"
SHOWN = 8


def load_completely(
    model: torch.nn.Module,
    weights: Weights,
    load: Callable[[Weights], set[str]],
    unused: Iterable[str] = (),
) -> set[str]:
    """Let ``load`` copy ``weights`` into ``model``, and return what it returns.

    ``unused`` are parts of the names of weights that the model does without. Raises ValueError if
    any other weight ends up nowhere, or if a parameter of this worker stays unfilled. The layers of
    other pipeline stages do not count, nor does a bias of zeros, nor a head that is tied.

    A later load may bring some of the weights only, as updates during training do. Settings that
    the config class does not know are refused as well: those of ``--hf-overrides``, for one.
    """
    if config := getattr(model, "config", None):
        refuse_unknown_settings(config)
    required = {} if is_update(model) else parameters_to_fill(model)
    checkpoint, trace = Checkpoint(weights, config), Trace()
    with trace:
        loaded = load(checkpoint.traced_by(trace))
    placed = checkpoint.held_by_others() | trace.read
    for tensor in [*model.parameters(), *model.buffers()]:
        placed |= trace.names_in(tensor)
    harmless = (*HARMLESS, *unused)
    dropped = [
        name
        for name in checkpoint.names
        if name not in placed
        and name not in checkpoint.harmless
        and not any(part in name for part in harmless)
        and not is_on_another_stage(name, model)
    ]
    missing = [
        missing
        for name, (parameter, storage) in required.items()
        if not trace.has_filled(parameter, storage)
        for missing in missing_in(name, trace.names_in(parameter), model)
    ]
    refuse(dropped, missing)
    model._was_loaded = True  # type: ignore[assignment]
    return loaded


def refuse(dropped: list[str], missing: list[str]) -> None:
    """Raise ValueError if there are names of weights in either list."""
    problems = []
    if dropped:
        problems.append(
            f"The checkpoint holds {listed(dropped)}, for which this model has no place. Cure: "
            "implement what they do in model.py; or, if they change nothing, name them in the "
            "argument unused of load_completely(), in load_weights()."
        )
    if missing:
        problems.append(
            f"The checkpoint lacks {listed(missing)}, which this model needs. Cure: complete the "
            "checkpoint, or leave these parameters out of model.py."
        )
    if problems:
        raise ValueError(" ".join(problems))


def listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def is_update(model: torch.nn.Module) -> bool:
    """Tell whether the model has weights already: its checkpoint's, or random ones."""
    config = get_current_vllm_config_or_none()
    random = config is None or config.load_config.load_format == "dummy"
    return random or hasattr(model, "_was_loaded")


def parameters_to_fill(
    model: torch.nn.Module,
) -> dict[str, tuple[torch.nn.Parameter, StorageWeakRef]]:
    """Return the parameters that must come from the checkpoint, by name, and where each is."""
    # These have defaults, and a checkpoint need not hold them.
    of_the_kv_cache = {
        id(parameter)
        for module in model.modules()
        if isinstance(getattr(module, "quant_method", None), BaseKVCacheMethod)
        for parameter in module.parameters(recurse=False)
    }
    return {
        name: (parameter, StorageWeakRef(parameter.untyped_storage()))
        for name, parameter in model.named_parameters()
        if id(parameter) not in of_the_kv_cache
        and not name.endswith(SET_BY_VLLM)
        # vLLM makes these only when it has seen the weights.
        and not isinstance(parameter, UninitializedParameter)
        and parameter.device.type != "meta"
        and parameter.numel()
    }


def is_on_another_stage(name: str, model: torch.nn.Module) -> bool:
    """Tell whether a weight belongs to a layer that this worker leaves to others."""
    mapper = getattr(model, "hf_to_vllm_mapper", None)
    names = [name, *(mapper.apply_list([name]) if mapper else [])]
    return any(is_pp_missing_parameter(each, model) for each in names)


def missing_in(name: str, found: set[str], model: torch.nn.Module) -> list[str]:
    """Return what an unfilled parameter lacks: the weights that it is made of, or itself."""
    layer, _, last = name.rpartition(".")
    parent, _, module = layer.rpartition(".")
    parts = getattr(model, "packed_modules_mapping", {}).get(module, [module])
    lacking = [part for part in parts if not any(f".{part}." in weight for weight in found)]
    return [f"{parent}.{part}.{last}" for part in lacking] if len(parts) > 1 and lacking else [name]


def is_tied(config: Any) -> bool:
    """Tell whether config.json says that the head is the embedding.

    Where the checkpoint holds a head all the same, vLLM 0.29 and newer have taken that out of
    ``config``: they compare the two after loading, if the model has a head of its own.
    """
    current = get_current_vllm_config_or_none()
    model_config = getattr(current, "model_config", None)
    untied = getattr(model_config, "word_embeddings_untied_by_checkpoint", False)
    return untied or getattr(config, "tie_word_embeddings", False)


class Checkpoint:
    """The weights of a checkpoint, and what must be known of them when they are gone."""

    def __init__(self, weights: Weights, config: Any) -> None:
        self.weights = weights
        self.is_tied = is_tied(config)
        self.names: list[str] = []
        self.harmless: set[str] = set()
        self.aliases: dict[str, ref[torch.Tensor]] = {}

    def traced_by(self, trace: "Trace") -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the weights, and give each its name in ``trace``."""
        embedding = head = None
        for name, tensor in self.weights:
            # Several weights may share a storage, one after the other.
            trace.forget(tensor)
            self.names.append(name)
            if name.endswith(".bias") and not tensor.any():
                self.harmless.add(name)
            if self.is_tied and name.endswith("embed_tokens.weight"):
                embedding = tensor
            if self.is_tied and name.endswith("lm_head.weight"):
                head = name, tensor
            if head and embedding is not None:
                # Some checkpoints hold it all the same. Another one would be dropped.
                if torch.equal(head[1], embedding):
                    self.harmless.add(head[0])
                embedding = head = None
            alias = tensor.detach()
            trace.name(alias, name)
            self.aliases[name] = ref(alias)
            yield name, alias
            del alias

    def held_by_others(self) -> set[str]:
        """Return the weights that a loader has kept, to place them later."""
        return {name for name, alias in self.aliases.items() if alias() is not None}


class Trace(TorchDispatchMode):
    """Follows named tensors through torch: which tensors their values end up in."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[StorageWeakRef, set[str]] = {}
        # The names of what was read as a Python number.
        self.read: set[str] = set()
        # Which parts of a storage were written, and how many values each has.
        self.written: dict[StorageWeakRef, dict[tuple, int]] = {}

    def name(self, tensor: torch.Tensor, *names: str) -> None:
        self.names.setdefault(StorageWeakRef(tensor.untyped_storage()), set()).update(names)

    def forget(self, tensor: torch.Tensor) -> None:
        self.names.pop(StorageWeakRef(tensor.untyped_storage()), None)

    def names_in(self, tensor: torch.Tensor) -> set[str]:
        return self.names.get(StorageWeakRef(tensor.untyped_storage()), set())

    def has_filled(self, parameter: torch.nn.Parameter, storage: StorageWeakRef) -> bool:
        """Tell whether every value of a parameter that was in ``storage`` has been written."""
        if StorageWeakRef(parameter.untyped_storage()) != storage:
            # The loader has put another tensor in its place, and copied nothing.
            return bool(self.names_in(parameter))
        return sum(self.written.get(storage, {}).values()) >= parameter.numel()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        names = set().union(*map(self.names_in, tensors_in((args, kwargs))))
        if func is torch.ops.aten._local_scalar_dense.default:
            self.read |= names
        for tensor in tensors_written(func._schema, args, kwargs):
            part = (tensor.storage_offset(), tensor.size(), tensor.stride())
            storage = StorageWeakRef(tensor.untyped_storage())
            self.written.setdefault(storage, {})[part] = tensor.numel()
            self.name(tensor, *names)
        for tensor in tensors_in(result) if names else []:
            self.name(tensor, *names)
        return result


def tensors_in(values: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]


def tensors_written(schema, args: tuple, kwargs: dict) -> list[torch.Tensor]:
    """Return the arguments that an operation writes to, such as the first of ``copy_``."""
    values = [
        kwargs.get(argument.name, args[position] if position < len(args) else None)
        for position, argument in enumerate(schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    return tensors_in(values)
