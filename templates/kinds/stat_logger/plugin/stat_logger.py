"""The stat logger: vLLM makes one for each engine that an API server asks, and tells it what was done.

What is written about a request stands in finished_request.py.
"""

from time import time
from typing import Any

from vllm.v1.metrics.loggers import StatLoggerBase
from vllm.v1.metrics.stats import IterationStats, SchedulerStats

from ._line_writer import LineWriter
from ._safety import logger
from ._stat_loggers import file_of
from .finished_request import line_of


class {{ class_of("stat_logger") }}(StatLoggerBase):
    """Hands each request that has finished to a thread, which writes one line about it."""

    def __init__(self, vllm_config: Any, engine_index: int = 0) -> None:
        self._writer = LineWriter(file_of(type(self), engine_index), line_of)

    def record(
        self,
        scheduler_stats: SchedulerStats | None,
        iteration_stats: IterationStats | None,
        mm_cache_stats: Any = None,
        engine_idx: int = 0,
    ) -> None:
        """Take what one step of an engine has done. Returns at once, and raises nothing.

        vLLM waits for it before it takes the next outputs, and an exception would end the server.
        """
        try:
            for finished in iteration_stats.finished_requests if iteration_stats else ():
                self._writer.put(finished, time())
        except Exception as error:
            self._writer.complain("a step cannot be read", "repair record()", error)

    def log_engine_initialized(self) -> None:
        """Say where the lines are, once the engine is there."""
        logger.info("One line about each request that finishes is in %s.", self._writer.file)
