"""Stands for ``vllm.platforms``: whether a process runs on a plugin's platform or on vLLM's own.
Of vLLM's own there is one, for CPUs."""

import importlib
import logging
import os

from vllm._lacking import lacking_in
from vllm.platforms.interface import Platform as Platform
from vllm.platforms.interface import PlatformEnum as PlatformEnum
from vllm.plugins import PLATFORM_PLUGINS_GROUP, load_plugins_by_group

logger = logging.getLogger(__name__)
_current_platform: Platform | None = None
lacking = lacking_in(__name__)


def cpu_platform_plugin() -> str:
    return "vllm.platforms.cpu.CpuPlatform"


builtin_platform_plugins = {"cpu": cpu_platform_plugin}


def resolve_current_platform_cls_qualname() -> str:
    """The path of the class to run on. RuntimeError if the platforms of two plugins apply."""
    if os.environ.get("VLLM_TARGET_DEVICE", "").lower() == "cpu":
        return cpu_platform_plugin()
    plugins = load_plugins_by_group(PLATFORM_PLUGINS_GROUP)
    known = [*builtin_platform_plugins.items(), *plugins.items()]
    # By name: a plugin may have that of one of vLLM's own.
    active = {name for name, function in known if applies(name, function)}
    of_plugins = sorted(active & plugins.keys())
    if len(of_plugins) > 1:
        raise RuntimeError(f"Only one platform plugin can be activated, but got: {of_plugins}")
    if of_plugins:
        path = plugins[of_plugins[0]]()
        logger.info("Platform plugin %s is activated", of_plugins[0])
        return path
    return cpu_platform_plugin()


def applies(name: str, function) -> bool:
    try:
        return function() is not None
    except Exception:
        logger.debug("Platform plugin %s failed during detection.", name, exc_info=True)
        return False


def __getattr__(name: str) -> object:
    global _current_platform
    if name != "current_platform":
        return lacking(name)
    if _current_platform is None:
        module, _, class_name = resolve_current_platform_cls_qualname().rpartition(".")
        _current_platform = getattr(importlib.import_module(module), class_name)()
    return _current_platform
