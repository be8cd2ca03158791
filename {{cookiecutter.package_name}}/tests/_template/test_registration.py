"""vLLM finds the plugin, lets it in or keeps it out, and register() does what it promises."""

import ast
import json
import logging
import multiprocessing
import subprocess
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest
import vllm
from _template.registries import OWN, OWNERS, REGISTERED, REGISTRIES, owners, title
from vllm.plugins import load_general_plugins, load_plugins_by_group

import {{ cookiecutter.package_name }} as plugin
from {{ cookiecutter.package_name }} import _safety, about
from {{ cookiecutter.package_name }}._vllm import entries

PLUGIN_NAME, OLDEST_VLLM, NEWEST_VLLM = about.PLUGIN_NAME, about.OLDEST_VLLM, about.NEWEST_VLLM
# A release after the last tested one, by its last number alone.
NEXT_VLLM = NEWEST_VLLM.rpartition(".")[0] + ".999"
GROUP = "vllm.general_plugins"
PACKAGE = plugin.__name__
# The lines of about.py for which this package has a class.
CLASSES = [entry for entry in entries() if entry.reference]


def test_vllm_discovers_the_plugin_by_its_entry_point():
    found = [entry.value for entry in entry_points(group=GROUP) if entry.name == PLUGIN_NAME]
    assert found == [f"{PACKAGE}:register"], "install the package: pip install -e '.[test]'"


@pytest.mark.parametrize(
    ("vllm_plugins", "loaded"),
    [
        (None, True),
        (PLUGIN_NAME, True),
        (f"not-{PLUGIN_NAME},{PLUGIN_NAME}", True),
        (f"not-{PLUGIN_NAME}, {PLUGIN_NAME}", False),  # vLLM does not trim
        (f"{PLUGIN_NAME} ", False),
        (f"not-{PLUGIN_NAME}", False),
        ("all", False),
        ("", False),
    ],
)
def test_vllm_plugins_decides_what_is_loaded(monkeypatch, vllm_plugins, loaded):
    if vllm_plugins is not None:
        monkeypatch.setenv("VLLM_PLUGINS", vllm_plugins)
    assert (PLUGIN_NAME in load_plugins_by_group(GROUP)) is loaded
    load_general_plugins()
    assert owners() == (OWNERS if loaded else dict.fromkeys(OWN))


@pytest.mark.parametrize("entry", CLASSES, ids=title)
def test_about_py_names_a_class_of_this_package(entry):
    """Read and not imported, since the module may need all of vLLM."""
    module, _, name = entry.reference.partition(":")
    file = Path(plugin.__file__).parent.joinpath(*module.split(".")).with_suffix(".py")
    assert file.is_file(), f"about.py: {entry.title} names {entry.reference}; there is no {file}"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert name in classes, f"about.py: {entry.title} names {name}; {file} has only {classes}"


@pytest.mark.parametrize("entry", entries(), ids=title)
def test_every_name_in_about_py_has_an_owner(entry):
    """This package; or, where about.py names no class, transformers or vLLM."""
    plugin.register()
    if not (entry.reference or entry.owner()) and find_spec("vllm.fixture"):
        pytest.skip(f"the fixture engine has no {entry.what} of transformers' or vLLM's own")
    assert entry.owner() is not None


def test_register_twice_changes_nothing(log):
    plugin.register()
    before = owners()
    plugin.register()
    assert owners() == before
    assert log == []


def test_register_from_many_threads_says_nothing(log):
    threads = [Thread(target=plugin.register) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert owners() == OWNERS
    assert log == []


def owners_in_this_process() -> dict:
    load_general_plugins()
    return owners()


@pytest.mark.parametrize("start_method", ["spawn", "fork"])
def test_a_new_process_registers(start_method):
    with multiprocessing.get_context(start_method).Pool(1) as pool:
        assert pool.apply_async(owners_in_this_process).get(600) == OWNERS
    assert owners() == dict.fromkeys(OWN)


def fail_with(error):
    def fail(*args, **kwargs):
        raise error

    return fail


STEPS = ["warn_if_untested", *(f"register_{what}" for what in REGISTERED)]


@pytest.mark.parametrize("step", STEPS)
def test_no_step_lets_a_failure_out(monkeypatch, log, step):
    monkeypatch.setattr(plugin, step, fail_with(ImportError("broken")))
    monkeypatch.setenv(_safety.STRICT, "0")
    plugin.register()
    assert log and all("ImportError" in record.getMessage() for record in log)


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupt_is_let_out(monkeypatch, step):
    monkeypatch.setattr(plugin, step, fail_with(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        plugin.register()


@pytest.mark.parametrize("version", ["0.1.0", "0.3.0", NEXT_VLLM, "99.0.0", "dev"])
def test_an_untested_vllm_is_warned_of_once(monkeypatch, log, version):
    monkeypatch.setattr(vllm, "__version__", version)
    plugin.register()
    plugin.register()
    [record] = log
    assert record.levelno == logging.WARNING
    assert version in record.getMessage() and OLDEST_VLLM in record.getMessage()
    assert "Cure:" in record.getMessage()


def test_a_vllm_without_a_version_is_warned_of(monkeypatch, log):
    monkeypatch.delattr(vllm, "__version__")
    plugin.register()
    [record] = log
    assert record.levelno == logging.WARNING


@pytest.mark.parametrize("version", [OLDEST_VLLM, NEWEST_VLLM, f"{NEWEST_VLLM}+cpu.2"])
def test_a_tested_vllm_is_not_warned_of(monkeypatch, log, version):
    monkeypatch.setattr(vllm, "__version__", version)
    plugin.register()
    assert log == []


def test_importing_the_package_imports_no_heavy_module():
    imported = imports_of(f"import {PACKAGE}")
    assert PACKAGE in imported
    assert imported.isdisjoint({"vllm", "torch", "transformers"})


def test_register_leaves_the_classes_to_the_processes_that_use_them():
    imported = imports_of(f"import vllm, {PACKAGE}; {PACKAGE}.register()")
    assert "vllm" in imported
    lazy = {OWNERS[entry].partition(":")[0] for entry in OWN if REGISTRIES[entry.what].lazy}
    assert imported.isdisjoint(lazy)


def imports_of(statements: str) -> set[str]:
    """Return what a new process imports, or tries to, when it runs ``statements``."""
    hook = "sys.addaudithook(lambda event, args: event == 'import' and tried.append(args[0]))"
    script = f"import json, sys; tried = []; {hook}; {statements}; print(json.dumps(tried))"
    output = subprocess.check_output([sys.executable, "-c", script], timeout=600)
    return set(json.loads(output.splitlines()[-1]))
