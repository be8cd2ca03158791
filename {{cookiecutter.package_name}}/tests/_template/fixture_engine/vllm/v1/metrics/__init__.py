"""Stands for ``vllm.v1.metrics``: a place for stat loggers; leaves out the rest."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
