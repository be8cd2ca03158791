"""Stands for ``vllm.distributed``: a place for KV connectors; leaves out the rest."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
