"""Do the environment variables let vLLM load the plugin, in all of its processes?"""

import os
import re

from .._vllm import entries
from ..about import PLUGIN_NAME
from .findings import PROBLEM, WARNING, Finding, Findings, brief, judge
from .installers import PACKAGE


def look_at_environment() -> Findings:
    yield look_at_vllm_plugins()
    yield from look_at_what_must_be_named()
    yield from look_at_rust_front_end()


def look_at_vllm_plugins() -> Finding:
    value = os.environ.get("VLLM_PLUGINS")
    names = [PLUGIN_NAME] if value is None else value.split(",")
    found = "not set" if value is None else brief(repr(value))
    cure = f"unset it, or add {PLUGIN_NAME} to it, with commas and without spaces."
    text = f"VLLM_PLUGINS is {found}, {reason_of(names)}."
    ungated = [entry.title for entry in entries() if not entry.gated]
    if ungated and keeps_out(PLUGIN_NAME):
        text += f" That does not keep out the {' and the '.join(ungated)}."
    serious = any(entry.gated for entry in entries())
    return judge(not keeps_out(PLUGIN_NAME), text, cure, PROBLEM if serious else WARNING)


def keeps_out(name: str) -> bool:
    """Tell whether VLLM_PLUGINS is set, and does not name a plugin. vLLM trims nothing."""
    value = os.environ.get("VLLM_PLUGINS")
    return value is not None and name not in value.split(",")


def look_at_what_must_be_named() -> Findings:
    """Warn of what vLLM leaves out because VLLM_PLUGINS does not name it: it tells its log once."""
    value = os.environ.get("VLLM_PLUGINS")
    names = [] if value is None else value.split(",")
    for entry in entries():
        # That a list lacks the plugin's own name is said by now.
        said = value is not None and entry.name == PLUGIN_NAME
        if entry.opt_in and entry.name not in names and not said:
            text = f"vLLM does not load the {entry.title}: VLLM_PLUGINS must name it, and does not."
            cure = f"set VLLM_PLUGINS to {entry.name}, and the names of all other plugins you want."
            yield WARNING, text, cure


def reason_of(names: list[str]) -> str:
    """Say why vLLM lets the plugin in, or does not, given the names that it splits at commas."""
    trimmed = [name.strip() for name in names]
    unquoted = [name.strip(" \t\n\"'") for name in names]
    lower = [name.lower() for name in unquoted]
    reasons = {
        "which lets the plugin in": PLUGIN_NAME in names,
        "with a space that vLLM takes for part of the name": PLUGIN_NAME in trimmed,
        "with quotes that vLLM takes for part of the name": PLUGIN_NAME in unquoted,
        "so vLLM loads no plugin": not any(unquoted),
        "with other capitals than the plugin's name": PLUGIN_NAME.lower() in lower,
        "which names the package and not the plugin": PACKAGE.lower()
        in [name.replace("-", "_") for name in lower],
        "and no plugin has the name all": "all" in lower,
        "which has something other than a comma between two names": PLUGIN_NAME
        in re.split(r"[\s,;:|]+", ",".join(names)),
        "without the plugin's name": True,
    }
    return next(reason for reason, holds in reasons.items() if holds)


def look_at_rust_front_end() -> Findings:
    value = os.environ.get("VLLM_USE_RUST_FRONTEND", "0")
    found = f"VLLM_USE_RUST_FRONTEND is {brief(repr(value))}"
    try:
        used = bool(int(value))
    except ValueError:
        text = f"{found}, which is not a number: vLLM stops when it reads it."
        yield PROBLEM, text, "unset it, or set it to 0."
        return
    if used:
        text = f"{found}: `vllm serve` then answers requests with a program in Rust, which does "
        text += "not load plugins. The engine and its workers still do."
        yield WARNING, text, "unset it, at least to find out whether the trouble comes from it."
