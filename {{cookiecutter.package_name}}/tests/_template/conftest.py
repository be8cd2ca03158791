"""Starts each of these tests as a new process would: with nothing registered, loaded or logged."""

import logging

import pytest
from _template.registries import REGISTRIES

from {{ cookiecutter.package_name }} import _safety, _vllm


@pytest.fixture(autouse=True)
def unregistered(monkeypatch):
    for entry in _vllm.entries():
        if entry.reference and not entry.group:
            REGISTRIES[entry.what].forget(monkeypatch, entry.name)
    monkeypatch.setattr("vllm.plugins.plugins_loaded", False)
    monkeypatch.setattr(_safety, "_said", {})
    monkeypatch.delenv(_safety.STRICT, raising=False)


@pytest.fixture
def log():
    """Collect the records that the plugin logs. (vLLM may keep them from pytest's caplog.)"""
    records = []
    handler = logging.Handler()
    handler.emit = lambda record: needs_real_vllm(record) or records.append(record)
    _safety.logger.addHandler(handler)
    yield records
    _safety.logger.removeHandler(handler)


def needs_real_vllm(record) -> bool:
    """Tell whether a step was not tried, because the fixture engine has not all of vLLM."""
    return getattr((record.exc_info or (0, 0))[1], "needs_real_vllm", False)
