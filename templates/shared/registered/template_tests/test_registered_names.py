"""register() registers each name in about.py, and leaves one that is taken to its owner."""

import logging

import pytest
from _template.registries import OWN, OWNERS, REGISTERED, REGISTRIES, owners, title

import {{ cookiecutter.package_name }} as plugin
from {{ cookiecutter.package_name }} import _safety, about

PLUGIN_NAME = about.PLUGIN_NAME


@pytest.mark.parametrize("entry", OWN, ids=title)
def test_register_registers_what_about_py_names(entry):
    plugin.register()
    assert entry.owner() == OWNERS[entry]


@pytest.mark.parametrize("what", REGISTERED)
def test_register_registers_nothing_else(what):
    before = REGISTRIES[what].names()
    plugin.register()
    assert REGISTRIES[what].names() - before == {entry.name for entry in OWN if entry.what == what}


@pytest.mark.parametrize(
    ("entry", "rival"),
    [(entry, rival) for entry in OWN for rival in REGISTRIES[entry.what].rivals],
    ids=str,
)
def test_a_name_that_is_taken_stays_its_owners_and_is_warned_of(log, entry, rival):
    owner = REGISTRIES[entry.what].take(entry.name, rival)
    plugin.register()
    plugin.register()
    assert entry.owner() == owner
    [record] = log
    assert record.levelno == logging.WARNING
    assert PLUGIN_NAME in record.getMessage() and entry.title in record.getMessage()
    assert owner in record.getMessage() and "Cure:" in record.getMessage()


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
@pytest.mark.parametrize("what", REGISTERED)
def test_a_failing_step_is_logged_once_and_the_others_run(monkeypatch, log, what, error):
    failing = [entry for entry in OWN if entry.what == what]
    REGISTRIES[what].break_it(monkeypatch, fail_with(error))
    plugin.register()
    plugin.register()
    for record, entry in zip(log, failing, strict=True):
        assert record.levelno == logging.ERROR
        assert PLUGIN_NAME in record.getMessage() and entry.name in record.getMessage()
        assert type(error).__name__ in record.getMessage()
        assert record.name.startswith("vllm."), "vLLM shows no other logger's messages"
        assert "Cure:" in record.getMessage()
        assert record.exc_info[1] is error
    assert owners() == OWNERS | dict.fromkeys(failing)


@pytest.mark.parametrize("what", REGISTERED)
def test_a_failing_log_handler_does_not_leave_register(monkeypatch, what):
    REGISTRIES[what].break_it(monkeypatch, fail_with(RuntimeError("broken")))
    monkeypatch.setattr(_safety.logger, "log", fail_with(OSError("disk full")))
    plugin.register()


@pytest.mark.parametrize("what", REGISTERED)
def test_a_failing_register_raises_when_told_to(monkeypatch, what):
    REGISTRIES[what].break_it(monkeypatch, fail_with(RuntimeError("broken")))
    monkeypatch.setenv("STRICT_VLLM_PLUGINS", "1")
    with pytest.raises(RuntimeError, match="broken"):
        plugin.register()
