"""Stands for ``vllm.v1.sample.logits_processor``: which classes run, and what they inherit.

For model runner V1. Leaves out the batch itself, and the processors that come with vLLM."""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import entry_points

from vllm._lacking import lacking_in
from vllm.logger import init_logger

__getattr__ = lacking_in(__name__)
logger = init_logger(__name__)
LOGITSPROCS_GROUP = "vllm.logits_processors"


class MoveDirectionality(Enum):
    UNIDIRECTIONAL = 1
    SWAP = 2


@dataclass(frozen=True)
class BatchUpdate:
    """``added`` are (index, parameters, prompt, output), ``moved`` (from, to, direction)."""

    batch_size: int
    removed: Sequence[int]
    added: Sequence[tuple]
    moved: Sequence[tuple]


class LogitsProcessor(ABC):
    @classmethod
    def validate_params(cls, sampling_params):
        return None

    @abstractmethod
    def __init__(self, vllm_config, device, is_pin_memory): ...

    @abstractmethod
    def apply(self, logits): ...

    @abstractmethod
    def is_argmax_invariant(self): ...

    @abstractmethod
    def update_state(self, batch_update): ...


def _load_custom_logitsprocs(logits_processors) -> list[type]:
    """All installed classes, whatever VLLM_PLUGINS says, and those that the user has named.

    RuntimeError for one that cannot be imported; ValueError for a named one of another base."""
    installed = [load_installed(entry) for entry in entry_points(group=LOGITSPROCS_GROUP)]
    named = [load_named(each, LogitsProcessor) for each in logits_processors or []]
    return installed + named


def load_installed(entry):
    try:
        return entry.load()
    except Exception as error:
        logger.error("Failed to load LogitsProcessor plugin %s: %s", entry, error)
        raise RuntimeError(f"Failed to load LogitsProcessor plugin {entry}") from error


def load_named(found, base: type) -> type:
    """Return a class that is named as "module:Class", or given."""
    if isinstance(found, str):
        module, name = found.split(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except ImportError as error:
            raise RuntimeError(f"Failed to load LogitsProcessor plugin {module}:{name}") from error
    if not issubclass(found, base):
        raise ValueError(f"{found.__name__} is not a subclass of LogitsProcessor")
    return found
