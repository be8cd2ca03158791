"""vLLM finds the plugin, lets it in or keeps it out, and register() does what it promises."""

import json
import logging
import multiprocessing
import subprocess
import sys
from importlib.metadata import entry_points
from threading import Thread
from types import SimpleNamespace

import pytest
import vllm
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins, load_plugins_by_group

import {{ cookiecutter.package_name }} as plugin
from {{ cookiecutter.package_name }} import _safety
from {{ cookiecutter.package_name }}.about import (
    ARCHITECTURE,
    MODEL_TYPE,
    NEWEST_VLLM,
    OLDEST_VLLM,
    PLUGIN_NAME,
)

# A release after the last tested one, by its last number alone.
NEXT_VLLM = NEWEST_VLLM.rpartition(".")[0] + ".999"
GROUP = "vllm.general_plugins"
PACKAGE = plugin.__name__
MODEL_CLASS = f"{PACKAGE}.model:{ARCHITECTURE}"


@pytest.fixture(autouse=True)
def unregistered(monkeypatch):
    """Start each test as a new process would: nothing registered, loaded or logged."""
    from transformers import CONFIG_MAPPING

    monkeypatch.delitem(ModelRegistry.models, ARCHITECTURE, raising=False)
    monkeypatch.delitem(CONFIG_MAPPING._extra_content, MODEL_TYPE, raising=False)
    monkeypatch.setattr("vllm.plugins.plugins_loaded", False)
    monkeypatch.setattr(_safety, "_said", {})
    monkeypatch.delenv(_safety.STRICT, raising=False)


@pytest.fixture
def log():
    """Collect the records that the plugin logs. (vLLM may keep them from pytest's caplog.)"""
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    _safety.logger.addHandler(handler)
    yield records
    _safety.logger.removeHandler(handler)


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
    assert (ARCHITECTURE in ModelRegistry.get_supported_archs()) is loaded


def test_register_registers_the_architecture_and_the_config():
    from transformers import AutoConfig

    plugin.register()
    assert _safety.owner_of(ModelRegistry.models[ARCHITECTURE]) == MODEL_CLASS
    config = AutoConfig.for_model(MODEL_TYPE)
    assert f"{type(config).__module__}.{type(config).__name__}" == f"{PACKAGE}.config.Config"


def test_register_twice_changes_nothing(log):
    plugin.register()
    entry = ModelRegistry.models[ARCHITECTURE]
    plugin.register()
    assert ModelRegistry.models[ARCHITECTURE] is entry
    assert log == []


def test_register_from_many_threads_says_nothing(log):
    threads = [Thread(target=plugin.register) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ARCHITECTURE in ModelRegistry.get_supported_archs()
    assert log == []


def owner_in_this_process() -> str:
    load_general_plugins()
    return _safety.owner_of(ModelRegistry.models[ARCHITECTURE])


@pytest.mark.parametrize("start_method", ["spawn", "fork"])
def test_a_new_process_registers(start_method):
    with multiprocessing.get_context(start_method).Pool(1) as pool:
        assert pool.apply(owner_in_this_process) == MODEL_CLASS
    assert ARCHITECTURE not in ModelRegistry.get_supported_archs()


@pytest.mark.parametrize("owner", ["vllm.model_executor.models.llama:LlamaForCausalLM", "a:B"])
def test_an_architecture_that_is_taken_stays_its_owners_and_is_warned_of(log, owner):
    ModelRegistry.register_model(ARCHITECTURE, owner)
    plugin.register()
    plugin.register()
    assert _safety.owner_of(ModelRegistry.models[ARCHITECTURE]) == owner
    [record] = log
    assert record.levelno == logging.WARNING
    assert PLUGIN_NAME in record.getMessage() and ARCHITECTURE in record.getMessage()
    assert owner in record.getMessage() and "Cure:" in record.getMessage()


def test_a_model_type_that_is_taken_stays_its_owners_and_is_warned_of(log):
    from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig

    class Other(PreTrainedConfig):
        model_type = MODEL_TYPE

    AutoConfig.register(MODEL_TYPE, Other)
    plugin.register()
    plugin.register()
    assert CONFIG_MAPPING[MODEL_TYPE] is Other
    [record] = log
    assert record.levelno == logging.WARNING
    assert f"{__name__}:Other" in record.getMessage() and MODEL_TYPE in record.getMessage()


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("not even its message can be had")


class Panic(BaseException):
    """As extensions in Rust raise it: no Exception."""


def fail_with(error):
    def fail(*args, **kwargs):
        raise error

    return fail


@pytest.mark.parametrize(
    "error", [RuntimeError("broken"), Unprintable(), Panic(), SystemExit(1)], ids=repr
)
def test_a_failing_register_is_logged_once_and_the_next_step_runs(monkeypatch, log, error):
    from transformers import CONFIG_MAPPING

    monkeypatch.setattr(ModelRegistry, "register_model", fail_with(error))
    plugin.register()
    plugin.register()
    [record] = log
    assert record.levelno == logging.ERROR
    assert PLUGIN_NAME in record.getMessage()
    assert type(error).__name__ in record.getMessage()
    assert record.name.startswith("vllm."), "vLLM shows no other logger's messages"
    assert "Cure:" in record.getMessage()
    assert record.exc_info[1] is error
    assert MODEL_TYPE in CONFIG_MAPPING


def test_a_failing_log_handler_does_not_leave_register(monkeypatch, log):
    monkeypatch.setattr(ModelRegistry, "register_model", fail_with(RuntimeError("broken")))
    monkeypatch.setattr(_safety.logger, "log", fail_with(OSError("disk full")))
    plugin.register()


@pytest.mark.parametrize("step", ["warn_if_untested", "register_architecture", "register_config"])
def test_no_step_lets_a_failure_out(monkeypatch, log, step):
    monkeypatch.setattr(plugin, step, fail_with(ImportError("broken")))
    monkeypatch.setenv(_safety.STRICT, "0")
    plugin.register()
    [record] = log
    assert "ImportError" in record.getMessage()


def test_an_interrupt_is_let_out(monkeypatch):
    monkeypatch.setattr(plugin, "register_architecture", fail_with(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        plugin.register()


def test_a_forked_process_says_it_again(monkeypatch, log):
    monkeypatch.setattr("os.getpid", lambda: 1)
    _safety.say_once(logging.WARNING, "topic", "said")
    monkeypatch.setattr("os.getpid", lambda: 2)
    _safety.say_once(logging.WARNING, "topic", "said")
    assert len(log) == 2


def test_the_owner_of_a_class_is_its_module_and_name():
    assert _safety.owner_of(SimpleNamespace(model_cls=Thread)) == "threading:Thread"


def test_a_failing_register_raises_when_told_to(monkeypatch):
    monkeypatch.setattr(ModelRegistry, "register_model", fail_with(RuntimeError("broken")))
    monkeypatch.setenv("STRICT_VLLM_PLUGINS", "1")
    with pytest.raises(RuntimeError, match="broken"):
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


def test_register_leaves_the_model_to_the_processes_that_run_it():
    imported = imports_of(f"import vllm, {PACKAGE}; {PACKAGE}.register()")
    assert "vllm" in imported
    assert f"{PACKAGE}.model" not in imported


def imports_of(statements: str) -> set[str]:
    """Return what a new process imports, or tries to, when it runs ``statements``."""
    hook = "sys.addaudithook(lambda event, args: event == 'import' and tried.append(args[0]))"
    script = f"import json, sys; tried = []; {hook}; {statements}; print(json.dumps(tried))"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return set(json.loads(output.stdout.splitlines()[-1]))
