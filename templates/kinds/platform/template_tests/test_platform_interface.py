"""vLLM is told to run on a platform of about.py where that applies, and only there."""

import json
import logging
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points

import pytest
from _template.engine import ENVIRONMENT
from vllm.platforms import interface, resolve_current_platform_cls_qualname

{{ import_from(cookiecutter.package_name, ["_platforms", "_safety", "about", "platform_choice"]) }}

PACKAGE = _platforms.__name__.partition(".")[0]
SWITCH = f"USE_{PACKAGE.upper()}"
PATHS = [f"{PACKAGE}.{each.replace(':', '.')}" for each in about.PLATFORMS.values()]
# Prints the answer, and what was imported of vLLM for it.
ANSWER = f"""
import json, sys
from {PACKAGE}._platforms import find_platform
answer = find_platform()
print(json.dumps([answer, [name for name in sys.modules if name.partition(".")[0] == "vllm"]]))
"""
RUNNING = """
import json
from vllm.platforms import current_platform
found = type(current_platform)
print(json.dumps(f"{found.__module__}.{found.__qualname__}"))
"""


@pytest.fixture(autouse=True)
def undecided(monkeypatch):
    """Let applies() decide, and say yes."""
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr(_platforms, "_asked_again", set())
    monkeypatch.setattr(platform_choice, "applies", lambda name: True)


@pytest.fixture
def shown():
    """Show INFO, as vLLM does once its log is set up."""
    before = _safety.logger.level
    _safety.logger.setLevel(logging.INFO)
    yield
    _safety.logger.setLevel(before)


@pytest.fixture(params=PATHS)
def platform(request) -> type:
    module, _, name = request.param.rpartition(".")
    return getattr(import_module(module), name)


def printed_by(script: str, **settings: str):
    environment = {name: value for name, value in ENVIRONMENT.items() if name != SWITCH} | settings
    command = [sys.executable, "-c", script]
    output = subprocess.check_output(command, env=environment, timeout=600)
    return json.loads(output.splitlines()[-1])


def noting(answers: list[str | None]):
    """Return what stands for applies(), and notes what vLLM would be answered while it runs."""

    def applies(name: str) -> bool:
        answers.append(_platforms.find_platform())
        return True

    return applies


def fail_with(error):
    def fail(*given):
        raise error

    return fail


def test_the_entry_point_is_the_function_that_decides():
    [found] = entry_points(group=_platforms.GROUP, name=about.PLUGIN_NAME)
    assert found.value == f"{PACKAGE}._platforms:find_platform"
    assert found.load() is _platforms.find_platform


@pytest.mark.parametrize(
    ("switch", "applies", "answer"),
    [
        (None, True, PATHS[0]),
        (None, False, None),
        ("", False, None),
        ("0", True, None),
        ("1", False, PATHS[0]),
        (" 1 ", False, PATHS[0]),
    ],
)
def test_the_environment_decides_before_applies_does(monkeypatch, log, switch, applies, answer):
    if switch is not None:
        monkeypatch.setenv(SWITCH, switch)
    monkeypatch.setattr(platform_choice, "applies", lambda name: applies)
    assert [_platforms.find_platform() for _ in range(2)] == [answer, answer]
    assert log == []


def test_what_is_neither_0_nor_1_is_warned_of_once_and_has_no_effect(monkeypatch, log):
    monkeypatch.setenv(SWITCH, "yes")
    assert [_platforms.find_platform() for _ in range(2)] == [PATHS[0]] * 2
    [record] = log
    assert record.levelno == logging.WARNING
    assert f"{SWITCH} is 'yes'" in record.getMessage() and "Cure: set it" in record.getMessage()


def test_the_first_for_which_applies_says_yes_is_taken(monkeypatch):
    monkeypatch.setattr(_platforms, "PLATFORMS", {"a": "m:A", "b": "m:B", "c": "m:C"})
    monkeypatch.setattr(platform_choice, "applies", lambda name: name != "a")
    assert _platforms.find_platform() == f"{PACKAGE}.m.B"


@pytest.mark.parametrize("error", [RuntimeError("broken"), SystemExit(1)], ids=repr)
def test_a_failure_is_logged_once_and_leaves_vllms_own_platform(monkeypatch, log, error):
    monkeypatch.setattr(platform_choice, "applies", fail_with(error))
    assert [_platforms.find_platform() for _ in range(2)] == [None, None]
    [record] = log
    assert record.levelno == logging.ERROR
    assert type(error).__name__ in record.getMessage() and "Cure:" in record.getMessage()
    assert record.exc_info[1] is error
    assert record.name.startswith("vllm."), "vLLM shows no other logger's messages"


def test_an_interrupt_of_the_choice_is_let_out(monkeypatch):
    monkeypatch.setattr(platform_choice, "applies", fail_with(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        _platforms.find_platform()


def test_a_choice_that_makes_vllm_ask_again_is_no_choice(monkeypatch, log):
    """Else a part of vLLM would run on its own platform, and the rest on this one."""
    answers = []
    monkeypatch.setattr(platform_choice, "applies", noting(answers))
    assert [_platforms.find_platform() for _ in range(2)] == [None, None]
    assert set(answers) == {None}
    [record] = log
    assert "asks for the platform, which is not decided yet" in str(record.exc_info[1])


@pytest.mark.parametrize(
    ("installed", "expected"),
    [("1.2.3+cpu", True), ("1.2.3", False), ("1.2.3+cu130", False), (None, True)],
)
def test_the_version_tells_whether_vllm_is_built_for_cpus(monkeypatch, installed, expected):
    absent = fail_with(_platforms.PackageNotFoundError("vllm"))
    monkeypatch.setattr(_platforms, "version", (lambda name: installed) if installed else absent)
    assert _platforms.built_for_cpu() is expected


def test_the_answer_needs_no_vllm():
    answer, of_vllm = printed_by(ANSWER)
    assert answer in [None, *PATHS]
    assert of_vllm == []


def test_vllm_takes_the_answer(monkeypatch):
    monkeypatch.delenv("VLLM_TARGET_DEVICE", raising=False)
    assert resolve_current_platform_cls_qualname() == PATHS[0]
    for name, value in ((SWITCH, "0"), ("VLLM_PLUGINS", "another")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert resolve_current_platform_cls_qualname() not in PATHS


@pytest.mark.parametrize("switch", ["0", "1"])
def test_a_new_process_runs_on_it_unless_it_is_told_off(switch):
    running = printed_by(RUNNING, **{SWITCH: switch})
    assert (running == PATHS[0]) is (switch == "1")


def test_each_class_is_a_platform_of_vllms(platform):
    assert issubclass(platform, interface.Platform)


def test_a_process_says_once_that_it_runs_on_it(platform, log, shown):
    assert isinstance(platform(), platform)
    platform.log_warnings()
    [record] = log
    assert record.getMessage().endswith(f"runs on the platform {_safety.class_path(platform)}.")


def test_before_the_log_is_set_up_nothing_is_said_in_vain(platform, log, shown):
    _safety.logger.setLevel(logging.WARNING)
    platform()
    assert log == []
    _safety.logger.setLevel(logging.INFO)
    platform.log_warnings()
    [record] = log
    assert "MainProcess" in record.getMessage()
