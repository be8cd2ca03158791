"""Stands for ``vllm.plugins.io_processors.interface``: what an IO processor inherits.

Leaves out parameters of sampling, and the names that methods had up to vLLM 0.28."""

from abc import ABC, abstractmethod

from vllm._lacking import lacking_in
from vllm.pooling_params import PoolingParams

__getattr__ = lacking_in(__name__)


class IOProcessor(ABC):
    def __init__(self, vllm_config, renderer):
        self.vllm_config = vllm_config

    def parse_data(self, data):
        raise NotImplementedError

    def merge_pooling_params(self, params=None):
        return params or PoolingParams(task="plugin")

    @abstractmethod
    def pre_process(self, prompt, request_id=None, **kwargs): ...

    async def pre_process_async(self, prompt, request_id=None, **kwargs):
        return self.pre_process(prompt, request_id, **kwargs)

    @abstractmethod
    def post_process(self, model_output, request_id=None, **kwargs): ...

    async def post_process_async(self, model_output, request_id=None, **kwargs):
        """``model_output`` gives (place of the prompt, output) in any order."""
        found = {place: output async for place, output in model_output}
        outputs = [found[place] for place in sorted(found)]
        return self.post_process(outputs, request_id=request_id, **kwargs)
