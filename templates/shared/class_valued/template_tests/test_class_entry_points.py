"""vLLM finds some classes by entry points of their own, without register(): those in about.py."""

import json
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from _template.engine import ENVIRONMENT

from {{ cookiecutter.package_name }} import _vllm

PACKAGE = _vllm.__name__.partition(".")[0]
# Groups in which vLLM asks one function, for all that a table names.
OF_A_FUNCTION: list[str] = [
{%- for of in tables().values() if of.function %}"{{ of.group }}"{{ ", " if not loop.last }}{% endfor %}]
FOUND = [entry for entry in _vllm.entries() if entry.group and entry.group not in OF_A_FUNCTION]
GROUPS = sorted({entry.group for entry in FOUND if entry.group})
# Of a class, where vLLM asks for a function that tells where the class is.
METHOD = ".path"
MODULES = sorted({f"{PACKAGE}.{str(entry.reference).partition(':')[0]}" for entry in FOUND})
# Prints what vLLM and Python know before and after the import of each module. What that imports of
# vLLM stands in both. vLLM takes long to import, so the processes are forked from one that has it.
WATCH = """
import json, os, sys, threading
from importlib import import_module
from multiprocessing import get_context
from vllm import ModelRegistry

def of_vllm(module):
    import_module(module)
    return [name for name in sys.modules if name.partition(".")[0] == "vllm"]

def state():
    return {
        "environment": dict(os.environ),
        "threads": [thread.name for thread in threading.enumerate()],
        "path": sys.path[:],
        "models": sorted(ModelRegistry.get_supported_archs()),
    }

def watch(module, names):
    for name in names:
        import_module(name)
    before = state()
    import_module(module)
    return before, state()

modules = sys.argv[1:]
with get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    needed = pool.map(of_vllm, modules, chunksize=1)
    states = pool.starmap(watch, zip(modules, needed), chunksize=1)
print(json.dumps(dict(zip(modules, states))))
"""


@pytest.fixture(scope="module")
def states() -> dict[str, list]:
    command = [sys.executable, "-c", WATCH, *MODULES]
    output = subprocess.check_output(command, env=ENVIRONMENT, timeout=600)
    return json.loads(output.splitlines()[-1])


@pytest.mark.parametrize("group", GROUPS)
def test_the_entry_points_are_what_about_py_names(group):
    found = {entry.name: entry.value for entry in entry_points(group=group)}
    mine = {
        name: value.removesuffix(METHOD)
        for name, value in found.items()
        if value.startswith(f"{PACKAGE}.")
    }
    named = {entry.name: f"{PACKAGE}.{entry.reference}" for entry in FOUND if entry.group == group}
    assert mine == named, "install the package again: pip install -e '.[test]'"


@pytest.mark.parametrize("entry", FOUND, ids=lambda entry: entry.title)
def test_vllm_finds_a_class_by_its_entry_point(entry):
    [found] = entry_points(group=entry.group, name=entry.name)
    loaded = found.load()
    if found.value.endswith(METHOD):
        loaded = loaded.__self__
    assert f"{loaded.__module__}:{loaded.__qualname__}" == f"{PACKAGE}.{entry.reference}"


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_class_has_no_side_effect(states, module):
    """vLLM may import it in any process, at any time, and without calling register()."""
    before, after = states[module]
    assert before == after
