"""Does vLLM let in the IO processors, and can it import them, make them and ask them?"""

import json
import os
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from .._io_processors import GROUP, owner_of_io_processor
from ..about import IO_PROCESSORS
from .classes import Problem, left_open, refusal, usable
from .environment import keeps_out
from .findings import OK, PROBLEM, WARNING, Findings, brief
from .installers import PACKAGE

INTERFACE = "vllm.plugins.io_processors.interface"
INHERIT = "inherit TaskIOProcessor from _io_base.py."


def look_in_new_process() -> Findings:
    for name in IO_PROCESSORS:
        yield from look_at_vllm_plugins(name)
        yield from look_at_io_processor(name)


def look_at_vllm_plugins(name: str) -> Findings:
    """Say so if VLLM_PLUGINS keeps an IO processor out, whose name may not be the plugin's."""
    if keeps_out(name):
        value = brief(repr(os.environ["VLLM_PLUGINS"]))
        text = f"VLLM_PLUGINS is {value}, which keeps out the IO processor {name}: "
        text += "vLLM stops where it is asked for, and calls it not installed."
        yield PROBLEM, text, f"unset it, or add {name} to it, with commas and without spaces."


def look_at_io_processor(name: str) -> Findings:
    title = f"The class of the IO processor {name}"
    cure = "repair that: vLLM stops where it is asked for, and may call it not installed."
    if found := (yield from usable(title, lambda: class_of(name), problems_of_class, cure)):
        yield OK, f"{title} can be used.", ""
        yield from look_at_parameters(title, found)


def class_of(name: str) -> Any:
    """Find a class as vLLM does: the entry point gives a function, and that the place of the class."""
    path = EntryPoint(name, f"{PACKAGE}.{IO_PROCESSORS[name]}.path", GROUP).load()()
    module, _, class_name = str(path).rpartition(".")
    return getattr(import_module(module), class_name)


def problems_of_class(found: Any) -> list[Problem]:
    """Return what is wrong with a class, and the cure. vLLM checks none of it until it is used."""
    interface = import_module(INTERFACE).IOProcessor
    if not issubclass(found, interface):
        return [(f"does not inherit {INTERFACE}.IOProcessor.", INHERIT)]
    problems = []
    if lacking := left_open(found):
        problems.append((f"{lacking}.", "write what is missing: vLLM stops without it."))
    if found.parse_data is interface.parse_data:
        problems.append(("has no parse_data: every request fails.", "let it return what it reads."))
    if refused := refusal(found, "config", "renderer"):
        text = f"cannot be made as vLLM does it: {refused}."
        problems.append((text, "take vllm_config and renderer in __init__."))
    return problems


def look_at_parameters(title: str, found: Any) -> Findings:
    """Ask for the parameters of a prompt, with none given and with some."""
    from vllm.pooling_params import PoolingParams

    given = PoolingParams()
    try:
        # Not made, which would need a config.
        made = found.__new__(found)
        tasks = [made.merge_pooling_params(each).task for each in (None, given)]
    # What it returns may depend on the object.
    except Exception:
        return
    if "plugin" in tasks or None in tasks:
        text = f"{title} asks for the task plugin, which ordinary models refuse: Unsupported task."
        yield WARNING, text, f"{INHERIT} Or set the task in merge_pooling_params."
    elif given.task is not None:
        text = f"{title} changes the parameters that it is given, which other prompts may have too."
        yield WARNING, text, "return new ones from merge_pooling_params."


def look_at_checkpoint(name: str) -> Findings:
    """Say which IO processor a checkpoint asks for. It may also be asked for when vLLM starts."""
    file = Path(name) / "config.json"
    try:
        asked = json.loads(file.read_bytes()).get("io_processor_plugin")
    # What is wrong with the file, a model's part says.
    except Exception:
        return
    if asked is None:
        options = " or ".join(f"--io-processor-plugin {each}" for each in IO_PROCESSORS)
        yield OK, f"{file} asks for no IO processor: vLLM uses one only with {options}.", ""
    elif (owner := owner_of_io_processor(asked)) is None:
        text = f"{file} asks for the IO processor {brief(repr(asked))}, which is not installed: "
        names = " or ".join(map(json.dumps, IO_PROCESSORS))
        cure = f'install it; or write "io_processor_plugin": {names}, if this plugin is meant.'
        yield PROBLEM, f"{text}vLLM stops.", cure
    else:
        yield OK, f"{file} asks for the IO processor {asked}, of {owner}.", ""
