"""Stands for ``vllm.v1.worker.gpu.sample.logits_processor``: the same, for model runner V2.

Leaves out the state of the requests, and building the processors."""

from abc import ABC, abstractmethod

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)


class LogitsProcessor(ABC):
    def __init__(self, vllm_config, req_states):
        return None

    @classmethod
    def validate_params(cls, sampling_params):
        return None

    def add_request(self, req_idx, sampling_params):
        return True

    def apply_staged_writes(self):
        return None

    @abstractmethod
    def apply(self, logits, ctx): ...
