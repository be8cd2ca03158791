"""Starts each of these tests as a new process would: with nothing registered, loaded or logged."""

import logging

import pytest
import vllm
from _template.registries import REGISTRIES

from {{ cookiecutter.package_name }} import _safety, _vllm

VERSION = str(vllm.__version__)


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
    left_out = (needs_real_vllm, is_about_this_vllm)
    handler.emit = lambda record: any(f(record) for f in left_out) or records.append(record)
    _safety.logger.addHandler(handler)
    yield records
    _safety.logger.removeHandler(handler)


def needs_real_vllm(record) -> bool:
    """Tell whether a step was not tried, because the fixture engine has not all of vLLM."""
    return getattr((record.exc_info or (0, 0))[1], "needs_real_vllm", False)


def is_about_this_vllm(record) -> bool:
    """Tell whether it warns that the vLLM here is untested: one test fails for that, no other."""
    return f", and this is {VERSION}. " in record.getMessage() and not _vllm.is_tested(VERSION)
