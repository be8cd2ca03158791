"""Stands for ``vllm.v1``: a place for logits processors and stat loggers; leaves out the rest."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
