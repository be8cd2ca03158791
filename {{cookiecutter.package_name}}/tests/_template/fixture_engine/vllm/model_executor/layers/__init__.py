"""Stands for ``vllm.model_executor.layers``: a place for ``quantization``; leaves out the layers."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
