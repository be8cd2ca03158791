"""Can vLLM run on the platform that applies, and does it?"""

import os
from importlib import import_module

from .._safety import class_path
from ..about import PLATFORMS
from .findings import OK, PROBLEM, REAL, WARNING, Findings, brief, cause_of, needs_real_vllm
from .installers import PACKAGE

TARGET = "VLLM_TARGET_DEVICE"


def look_at_platform(path: str) -> Findings:
    """Look at the class that applies, "package.module.Class", and at what vLLM runs on."""
    module, _, class_name = path.rpartition(".")
    expected = f"{module}:{class_name}"
    name = next(each for each, known in PLATFORMS.items() if f"{PACKAGE}.{known}" == expected)
    title = f"The class of the platform {name}"
    try:
        found = getattr(import_module(module), class_name)
        inherits = issubclass(found, import_module("vllm.platforms.interface").Platform)
    except BaseException as error:
        if needs_real_vllm(error):
            yield WARNING, f"{title} is not looked at: {brief(error)}.", REAL
            return
        text = f"{title} cannot be imported, so that vLLM stops: {cause_of(error)}"
        yield PROBLEM, text, "repair that; of vLLM, import only vllm.platforms at the top."
        return
    if not inherits:
        text = f"{title} does not inherit from vllm.platforms.interface.Platform: vLLM stops."
        yield PROBLEM, text, "inherit from vllm.platforms.cpu.CpuPlatform."
        return
    try:
        running = class_path(type(import_module("vllm.platforms").current_platform))
    except BaseException as error:
        yield PROBLEM, f"vLLM gets no platform: {cause_of(error)}", "repair that."
        return
    if running == expected:
        text = f"vLLM runs on {running}: the platform {name} applies here, and can be used."
        yield OK, text, ""
        return
    text, cure = f"vLLM runs on {running} and not on {expected}", "repair what its log names."
    if os.environ.get(TARGET, "").lower() == "cpu":
        text += f": {TARGET} is cpu, and so vLLM asks no plugin"
        cure = f"unset {TARGET}."
    yield PROBLEM, f"{text}.", cure
