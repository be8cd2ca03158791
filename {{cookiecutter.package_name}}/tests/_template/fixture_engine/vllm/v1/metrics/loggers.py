"""Stands for ``vllm.v1.metrics.loggers``: which stat loggers are made, and how they are called.

Leaves out those that come with vLLM, and Prometheus."""

from abc import ABC, abstractmethod

from vllm._lacking import lacking_in
from vllm.logger import init_logger
from vllm.plugins import STAT_LOGGER_PLUGINS_GROUP, load_plugins_by_group

__getattr__ = lacking_in(__name__)
logger = init_logger(__name__)


class StatLoggerBase(ABC):
    @abstractmethod
    def __init__(self, vllm_config, engine_index=0): ...

    @abstractmethod
    def record(self, scheduler_stats, iteration_stats, mm_cache_stats=None, engine_idx=0): ...

    @abstractmethod
    def log_engine_initialized(self): ...

    def log(self):
        return None

    def record_sleep_state(self, is_awake, level):
        return None


def load_stat_logger_plugin_factories() -> list[type]:
    """The classes that VLLM_PLUGINS allows; TypeError for anything else that is named."""
    factories = []
    for name, found in load_plugins_by_group(STAT_LOGGER_PLUGINS_GROUP).items():
        if not isinstance(found, type) or not issubclass(found, StatLoggerBase):
            base = "must be a subclass of StatLoggerBase"
            raise TypeError(f"Stat logger plugin {name!r} {base} (got {found!r}).")
        factories.append(found)
    return factories


class PerEngineStatLoggerAdapter:
    """Makes a stat logger for each engine, and tells each what its engine has done."""

    def __init__(self, vllm_config, engine_indexes, per_engine_stat_logger_factory):
        self.per_engine_stat_loggers = {
            index: per_engine_stat_logger_factory(vllm_config, index) for index in engine_indexes
        }

    def record(self, scheduler_stats, iteration_stats, mm_cache_stats=None, engine_idx=0):
        if engine_idx not in self.per_engine_stat_loggers:
            logger.warning("Unexpected engine_idx: %d", engine_idx)
            return
        self.per_engine_stat_loggers[engine_idx].record(
            scheduler_stats, iteration_stats, mm_cache_stats=mm_cache_stats, engine_idx=engine_idx
        )

    def log_engine_initialized(self):
        for each in self.per_engine_stat_loggers.values():
            each.log_engine_initialized()
