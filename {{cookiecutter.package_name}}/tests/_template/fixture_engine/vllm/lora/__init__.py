"""Stands for ``vllm.lora``: a place for resolvers of adapters; leaves out the rest."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
