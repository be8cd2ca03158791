"""Stands for ``vllm.distributed.kv_transfer.kv_connector``: KV connectors, in two modules."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
