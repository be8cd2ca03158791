"""Stands for ``vllm.v1.engine``: why a request has finished; leaves out the rest."""

from enum import IntEnum

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)


class FinishReason(IntEnum):
    STOP = 0
    LENGTH = 1
    ABORT = 2
    ERROR = 3
    REPETITION = 4

    def __str__(self):
        return self.name.lower()
