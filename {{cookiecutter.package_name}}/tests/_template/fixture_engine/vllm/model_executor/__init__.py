"""Stands for ``vllm.model_executor``: a place for ``layers`` and ``models``; leaves out the rest."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
