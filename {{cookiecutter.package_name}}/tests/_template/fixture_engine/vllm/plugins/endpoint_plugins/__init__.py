"""Stands for ``vllm.plugins.endpoint_plugins``: empty, as there."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
