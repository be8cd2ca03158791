"""Stands for ``vllm.model_executor.models``: the registry. Leaves out the models."""

from vllm.model_executor.models.registry import ModelRegistry as ModelRegistry
