"""Stands for ``vllm.platforms.interface``: the base of all platforms. Leaves out devices."""

from enum import Enum, auto

from vllm._lacking import lack, lacking_in

__getattr__ = lacking_in(__name__)


class PlatformEnum(Enum):
    CUDA = auto()
    ROCM = auto()
    TPU = auto()
    XPU = auto()
    CPU = auto()
    OOT = auto()
    UNSPECIFIED = auto()


class Platform:
    _enum: PlatformEnum
    device_name: str
    device_type: str

    @classmethod
    def log_warnings(cls) -> None:
        pass

    @classmethod
    def check_and_update_config(cls, vllm_config) -> None:
        pass

    def is_cpu(self) -> bool:
        return self._enum == PlatformEnum.CPU

    def is_out_of_tree(self) -> bool:
        return self._enum == PlatformEnum.OOT

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        raise lack(f"{__name__}.Platform.{name}")
