"""Does vLLM run on a platform of this package? If not, does that not apply, or is something wrong?"""

import os
import subprocess
import sys
from importlib.metadata import entry_points

from .._platforms import GROUP, SWITCH, decide, switched
from ..about import PLUGIN_NAME
from .environment import keeps_out
from .findings import OK, PROBLEM, WARNING, Findings, brief, cause_of
from .installers import PACKAGE, uninstall
from .running_platform import look_at_platform

# Prints what a new process has imported of vLLM once it has imported a module.
OF_VLLM = """
import sys
sys.path[:] = {path}
import {module}
print(sum(name.partition(".")[0] == "vllm" for name in sys.modules))
"""


def look_before_vllm() -> Findings:
    """Name what would stop vLLM while it is imported, or goes wrong then and is not said."""
    yield from (finding for finding in look_in_new_process() if finding[0] == PROBLEM)


def look_in_new_process() -> Findings:
    found = [*look_at_choice()]
    yield from found
    if not found:
        yield from look_at_platform(decide() or "")


def look_at_choice() -> Findings:
    """Say why no platform applies, or what is wrong where one does; nothing if all is well."""
    value = os.environ.get(SWITCH, "")
    if switched() is None and value.strip():
        text = f"{SWITCH} is {brief(repr(value))}, which is neither 0 nor 1, and has no effect."
        yield PROBLEM, text, "set it to 1 or 0, or unset it."
    if switched() is None and imports_vllm(f"{PACKAGE}.platform_choice"):
        text = "platform_choice.py imports vLLM, which asks for the platform before it is chosen."
        yield PROBLEM, text, "import nothing of vLLM there."
        return
    try:
        path = decide()
    except BaseException as error:
        text = f"platform_choice.py fails, so that vLLM runs on its own platform: {cause_of(error)}"
        yield PROBLEM, text, f"repair that; or set {SWITCH} to 1 or 0, to decide without it."
        return
    if path:
        yield from look_at_others()
    elif switched() is False:
        text = f"{SWITCH} is 0: vLLM runs on a platform of its own."
        yield WARNING, text, f"unset {SWITCH}."
    else:
        text = f"applies() in platform_choice.py says no: vLLM runs on its own platform, unless {SWITCH}"
        yield OK, f"{text} is 1.", ""


def imports_vllm(module: str) -> bool:
    """Tell whether a module imports vLLM, in a new process; not if it cannot be imported."""
    code = OF_VLLM.format(path=sys.path, module=module)
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, timeout=200)
    return not result.returncode and result.stdout.splitlines()[-1] != "0"


def look_at_others() -> Findings:
    """Name the platform plugins that apply beside this one: vLLM takes one at most."""
    for entry in entry_points(group=GROUP):
        if entry.name == PLUGIN_NAME or keeps_out(entry.name):
            continue
        try:
            applies = entry.load()() is not None
        # vLLM passes it over.
        except Exception:
            continue
        if applies:
            other = entry.dist.name if entry.dist else entry.value
            text = f"The platform plugin {entry.name} of {other} applies too, and vLLM stops: it takes "
            cure = f"set {SWITCH}=0; or {uninstall(other)}; or keep one out by VLLM_PLUGINS."
            yield PROBLEM, f"{text}one at most.", cure
