"""Stands for ``vllm.model_executor.models``: the registry. Leaves out the models."""

from vllm._lacking import lacking_in
from vllm.model_executor.models.registry import ModelRegistry as ModelRegistry

__getattr__ = lacking_in(__name__)
