"""vLLM finds each stat logger where VLLM_PLUGINS lets it, can make it, and is not disturbed by it."""

import logging
from importlib import import_module
from types import SimpleNamespace

import pytest
from vllm.v1.metrics.loggers import PerEngineStatLoggerAdapter, load_stat_logger_plugin_factories
from vllm.v1.metrics.stats import IterationStats, SchedulerStats

from {{ cookiecutter.package_name }} import _stat_loggers, about

PACKAGE = about.__name__.partition(".")[0]


@pytest.fixture(params=about.STAT_LOGGERS)
def name(request, monkeypatch, tmp_path) -> str:
    monkeypatch.setenv(_stat_loggers.FOLDER, str(tmp_path))
    return request.param


@pytest.fixture
def found(name) -> type:
    module, _, class_name = about.STAT_LOGGERS[name].partition(":")
    return getattr(import_module(f"{PACKAGE}.{module}"), class_name)


@pytest.fixture
def vllms(found) -> PerEngineStatLoggerAdapter:
    """Return a stat logger as vLLM makes it, for one engine."""
    return PerEngineStatLoggerAdapter(None, [0], found)


def test_vllm_plugins_decides_whether_vllm_makes_it(monkeypatch, name, found):
    assert found in load_stat_logger_plugin_factories()
    for value, made in {name: [found], f"not-{name}": [], f"{name} ": [], "": []}.items():
        monkeypatch.setenv("VLLM_PLUGINS", value)
        assert load_stat_logger_plugin_factories() == made, repr(value)


def test_where_the_lines_are_is_logged_when_the_engine_is_there(caplog, vllms, log):
    with caplog.at_level(logging.INFO, "vllm"):
        vllms.log_engine_initialized()
    [record] = log
    assert record.levelname == "INFO"
    assert str(_stat_loggers.folder_of_stats()) in record.getMessage()


def test_a_step_in_which_nothing_finished_is_none_to_speak_of(vllms, log):
    for step in (None, IterationStats()):
        for scheduler in (None, SchedulerStats()):
            vllms.record(scheduler, step)
    assert log == []


@pytest.mark.parametrize(
    "step", [object(), SimpleNamespace(finished_requests=None)], ids=["another", "none"]
)
def test_what_cannot_be_read_is_logged_once_and_raises_nothing(vllms, log, step):
    """What it raised would end the server."""
    for _ in range(3):
        vllms.record(None, step)
    [record] = log
    assert "Cure: " in record.getMessage()


def test_each_process_and_each_engine_has_a_file_of_its_own(monkeypatch, found):
    files = []
    for host in ("a", "b"):
        for pid in (1, 2):
            monkeypatch.setattr(_stat_loggers, "gethostname", lambda host=host: host)
            monkeypatch.setattr("os.getpid", lambda pid=pid: pid)
            files += [_stat_loggers.file_of(found, engine) for engine in range(2)]
    files.append(_stat_loggers.file_of(type("Another", (), {}), 0))
    assert len(set(files)) == 9
    assert {file.parent for file in files} == {_stat_loggers.folder_of_stats()}


def test_the_folder_is_the_one_that_is_named_and_else_below_the_current_one(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for value, folder in {"/a": "/a", "b": tmp_path / "b", "": tmp_path / "request_stats"}.items():
        monkeypatch.setenv(_stat_loggers.FOLDER, value)
        assert str(_stat_loggers.folder_of_stats()) == str(folder)
    monkeypatch.delenv(_stat_loggers.FOLDER)
    assert _stat_loggers.folder_of_stats() == tmp_path / "request_stats"
    assert not _stat_loggers.FOLDER.startswith("VLLM_")


@pytest.mark.real_vllm
def test_only_an_engine_that_serves_looks_for_stat_loggers():
    """README says that an offline LLM makes none."""
    looks = "load_stat_logger_plugin_factories"
    assert hasattr(import_module("vllm.v1.engine.async_llm"), looks)
    assert not hasattr(import_module("vllm.v1.engine.llm_engine"), looks)
