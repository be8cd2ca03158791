"""Stands for ``vllm.v1.worker.gpu.sample.logits_processor.loader``: which classes run in V2."""

from importlib.metadata import entry_points

from vllm._lacking import lacking_in
from vllm.v1.sample.logits_processor import LOGITSPROCS_GROUP, load_installed, load_named
from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor

__getattr__ = lacking_in(__name__)


def _load_v2_logitsprocs(logits_processors) -> list[type]:
    """The same as for V1; and an installed class of another base is a ValueError too."""
    installed = []
    for entry in entry_points(group=LOGITSPROCS_GROUP):
        found = load_installed(entry)
        if not (isinstance(found, type) and issubclass(found, LogitsProcessor)):
            text = "V1-interface plugins are not supported by the V2 model runner."
            raise ValueError(f"LogitsProcessor plugin {entry.name} has another base: {text}")
        installed.append(found)
    return installed + [load_named(each, LogitsProcessor) for each in logits_processors or []]
