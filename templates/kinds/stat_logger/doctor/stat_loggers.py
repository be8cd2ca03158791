"""Can vLLM import the stat loggers, make them and call them, and can they write their files?"""

import os
import tempfile
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from .._stat_loggers import FOLDER, GROUP, folder_of_stats
from ..about import PLUGIN_NAME, STAT_LOGGERS
from .classes import Problem, left_open, refusal
from .environment import keeps_out
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


def look_at_stat_logger(name: str) -> Findings:
    title = f"The class of the stat logger {name}"
    # What the plugin's own name lets in is looked at elsewhere.
    if name != PLUGIN_NAME and keeps_out(name):
        value = brief(repr(os.environ["VLLM_PLUGINS"]))
        text = f"VLLM_PLUGINS is {value}, and keeps out the stat logger {name}."
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


def problems_of_class(found: Any) -> list[Problem]:
    """Return what is wrong with what an entry point names, and the cure."""
    from vllm.v1.metrics.loggers import StatLoggerBase

    will_do = isinstance(found, type) and issubclass(found, StatLoggerBase)
    if not will_do:
        text = f"is {found!r:.80}, which does not inherit {BASE}: the server does not start."
        return [(text, "name a class there that does.")]
    problems = []
    if lacking := left_open(found):
        problems.append((f"{lacking}: the server does not start.", "write what is missing."))
    if refused := refusal(found, "vllm_config", 0):
        text = f"cannot be made as vLLM does it: {refused}; the server does not start."
        problems.append((text, "take vllm_config and engine_index in __init__."))
    step: dict[str, Any] = {"mm_cache_stats": None, "engine_idx": 0}
    if refused := refusal(found.record, "self", "scheduler_stats", "iteration_stats", **step):
        text = f"cannot be called as vLLM does it: record(): {refused}; the server would end."
        problems.append((text, f"take in record() what {BASE} takes."))
    return problems


def look_at_folder(folder: Path) -> Findings:
    """Say if no file can be written there; leave nothing behind."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        text = f"Nothing can be written into {folder}: {cause_of(error)}"
        cure = f"let the user of the server write there, or name another folder in {FOLDER}."
        yield PROBLEM, text, cure
