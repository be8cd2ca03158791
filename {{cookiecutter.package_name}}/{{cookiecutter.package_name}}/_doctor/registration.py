"""Does register() register, in this process, what about.py names?"""

import importlib
import os
from collections.abc import Generator
from importlib.util import find_spec
from typing import Any

from .._safety import STRICT
from .._vllm import Entry, entries
from .distributions import GROUP, is_ours
from .findings import OK, PROBLEM, REAL, WARNING, Finding, brief, cause_of, judge, needs_real_vllm
from .installers import PACKAGE, install


def look_at_register() -> Generator[Finding, None, bool]:
    """Run register() of all plugins; return whether this one's names are its own then."""
    name, error, owners = run_plugins()
    untried = needs_real_vllm(error)
    if untried:
        text = f"register() of {name} was not run to its end: {brief(error)}."
        yield WARNING, text, REAL
    elif error:
        cure = f"repair {name}, or uninstall it, or keep it out by VLLM_PLUGINS."
        yield PROBLEM, f"register() of {name} raises {cause_of(error)}", cure
        return False
    else:
        yield OK, "register() raises nothing.", ""
    for entry, owner in owners.items():
        yield look_at_owner(entry, owner, untried)
    return all(is_ours(owner) for entry, owner in owners.items() if entry.reference)


def run_plugins() -> tuple[str, BaseException | None, dict[Entry, str | None]]:
    """Run all plugins, and this one again; return whose error there was, and the names' owners."""
    from vllm import plugins

    register: Any = None
    owners = None
    try:
        for register in plugins.load_plugins_by_group(GROUP).values():
            register()
        owners = owners_of_names()
        # Once more, and now it raises what it would only log.
        os.environ[STRICT] = "1"
        register = importlib.import_module(PACKAGE).register
        register()
    except BaseException as error:
        return getattr(register, "__module__", PACKAGE), error, owners or owners_of_names()
    return PACKAGE, None, owners


def owners_of_names() -> dict[Entry, str | None]:
    return {entry: entry.owner() for entry in entries()}


def look_at_owner(entry: Entry, owner: str | None, untried: bool) -> Finding:
    if entry.reference is None:
        return look_at_class_of_others(entry, owner)
    if owner is None and entry.group:
        text = f"No entry point in {entry.group} names the {entry.title}, which about.py names."
        return PROBLEM, text, install()
    if owner is None:
        text = f"register() does not register the {entry.title}."
        return (WARNING, text, REAL) if untried else (PROBLEM, text, "register it there.")
    cure = "choose another in about.py, and where it is used; or keep its owner out by "
    return judge(is_ours(owner), f"The {entry.title} belongs to {owner}.", f"{cure}VLLM_PLUGINS.")


def look_at_class_of_others(entry: Entry, owner: str | None) -> Finding:
    """Say whose class a name has for which this plugin registers none."""
    if owner is None and find_spec("vllm.fixture"):
        text = f"The {entry.title} is transformers' or vLLM's own, of which the fixture engine"
        return OK, f"{text} has none.", ""
    text = f"The {entry.title} belongs to {owner or 'nobody'}; this plugin registers none."
    cure = "install a transformers that has it, or name a class for it in about.py."
    return judge(owner is not None, text, cure)
