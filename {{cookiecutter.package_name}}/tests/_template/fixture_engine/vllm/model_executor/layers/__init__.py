"""Stands for ``vllm.model_executor.layers``: a place for two of its modules; leaves out the rest."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
