"""Stands for ``vllm.distributed.kv_transfer.kv_connector.v1``; leaves out the connectors themselves."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
