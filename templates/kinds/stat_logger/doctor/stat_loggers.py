"""Can vLLM import the stat loggers, make them and call them, and can they write their files?"""

import inspect
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from .._stat_loggers import FOLDER, GROUP, folder_of_stats
from ..about import PLUGIN_NAME, STAT_LOGGERS
from .findings import OK, PROBLEM, REAL, WARNING, Findings, brief, cause_of, needs_real_vllm
from .installers import PACKAGE

BASE = "vllm.v1.metrics.loggers.StatLoggerBase"


def look_in_new_process() -> Findings:
    folder = folder_of_stats()
    found = [each for name in STAT_LOGGERS for each in look_at_stat_logger(name)]
    found += look_at_folder(folder)
    names = " and ".join(STAT_LOGGERS)
    text = f"The class of the stat logger {names} can be imported. In a server that starts here it "
    yield from found or [(OK, f"{text}writes into {folder}; offline, vLLM makes none.", "")]


def look_at_checkpoint(name: str) -> Findings:
    """Find nothing: a stat logger serves any model."""
    yield from ()


def look_at_stat_logger(name: str) -> Findings:
    title = f"The class of the stat logger {name}"
    allowed = os.environ.get("VLLM_PLUGINS")
    # What the plugin's own name lets in is looked at elsewhere.
    if name != PLUGIN_NAME and allowed is not None and name not in allowed.split(","):
        text = f"VLLM_PLUGINS is {brief(repr(allowed))}, and keeps out the stat logger {name}."
        yield PROBLEM, text, f"unset it, or add {name} to it, with commas and without spaces."
    try:
        found = EntryPoint(name, f"{PACKAGE}.{STAT_LOGGERS[name]}", GROUP).load()
        problems = [*problems_of_class(found)]
    except BaseException as error:
        if needs_real_vllm(error):
            yield WARNING, f"{title} was not looked at: {brief(error)}.", REAL
            return
        cure = "repair that: vLLM logs it, and serves without the stat logger."
        yield PROBLEM, f"{title} cannot be imported: {cause_of(error)}", cure
        return
    for text, cure in problems:
        yield PROBLEM, f"{title} {text}", cure


def problems_of_class(found: Any) -> list[tuple[str, str]]:
    """Return what is wrong with what an entry point names, and the cure."""
    from vllm.v1.metrics.loggers import StatLoggerBase

    will_do = isinstance(found, type) and issubclass(found, StatLoggerBase)
    if not will_do:
        text = f"is {found!r:.80}, which does not inherit {BASE}: the server does not start."
        return [(text, "name a class there that does.")]
    problems = []
    if left_open := sorted(getattr(found, "__abstractmethods__", ())):
        text = f"has no {' and no '.join(left_open)}: the server does not start."
        problems.append((text, "write what is missing."))
    if refused := refusal(found, "vllm_config", 0):
        text = f"cannot be made as vLLM does it: {refused}; the server does not start."
        problems.append((text, "take vllm_config and engine_index in __init__."))
    step: dict[str, Any] = {"mm_cache_stats": None, "engine_idx": 0}
    if refused := refusal(found.record, "self", "scheduler_stats", "iteration_stats", **step):
        text = f"cannot be called as vLLM does it: record(): {refused}; the server would end."
        problems.append((text, f"take in record() what {BASE} takes."))
    return problems


def refusal(function: Callable, *given: Any, **named: Any) -> str:
    """Return why a function does not take some arguments, "" if it does."""
    try:
        inspect.signature(function).bind(*given, **named)
    except TypeError as error:
        return str(error)
    return ""


def look_at_folder(folder: Path) -> Findings:
    """Say if no file can be written there; leave nothing behind."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        text = f"Nothing can be written into {folder}: {cause_of(error)}"
        cure = f"let the user of the server write there, or name another folder in {FOLDER}."
        yield PROBLEM, text, cure
