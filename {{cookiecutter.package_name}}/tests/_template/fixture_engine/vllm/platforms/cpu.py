"""Stands for ``vllm.platforms.cpu``: vLLM's platform for CPUs. It leaves all settings as they are."""

from vllm._lacking import lacking_in
from vllm.platforms.interface import Platform, PlatformEnum

__getattr__ = lacking_in(__name__)


class CpuPlatform(Platform):
    _enum = PlatformEnum.CPU
    device_name = "cpu"
    device_type = "cpu"
