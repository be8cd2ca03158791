"""Stands for ``vllm.v1.metrics.stats``: what a stat logger is told, as far as requests go.

Leaves out the caches, LoRA adapters, and how the figures come about."""

import time
from dataclasses import dataclass

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)


@dataclass
class SchedulerStats:
    num_running_reqs: int = 0
    num_waiting_reqs: int = 0
    kv_cache_usage: float = 0.0


@dataclass
class FinishedRequestStats:
    """``finish_reason`` is a FinishReason; times are in seconds."""

    finish_reason: int
    request_id: str | None = None
    e2e_latency: float = 0.0
    num_prompt_tokens: int = 0
    num_generation_tokens: int = 0
    max_tokens_param: int | None = None
    queued_time: float = 0.0
    prefill_time: float = 0.0
    inference_time: float = 0.0
    decode_time: float = 0.0
    mean_time_per_output_token: float = 0.0
    is_corrupted: bool = False
    num_cached_tokens: int = 0


class IterationStats:
    """What one step of an engine did."""

    def __init__(self):
        self.iteration_timestamp = time.time()
        self.num_generation_tokens = 0
        self.finished_requests: list[FinishedRequestStats] = []
