"""Stands for ``vllm.pooling_params``: what is asked of a pooling model; leaves out all checks."""

from copy import deepcopy
from dataclasses import dataclass

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)


@dataclass
class PoolingParams:
    use_activation: bool | None = None
    dimensions: int | None = None
    task: str | None = None

    def clone(self):
        return deepcopy(self)
