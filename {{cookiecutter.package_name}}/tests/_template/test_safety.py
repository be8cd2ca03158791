"""What register() is built of: a step that fails is logged once, and the next one runs."""

import logging
from functools import partial

import pytest

from {{ cookiecutter.package_name }} import _safety


def fail(*args, **kwargs):
    raise RuntimeError("broken")


def lazy_fail(name):
    return lambda: fail(name)


def numbered():
    yield fail()


async def awaited():
    fail()


class Step:
    def __init__(self, name):
        self.name, self.calls = name, 0

    def __call__(self):
        self.calls += 1
        fail()

    run = __call__


class Silent:
    """Answers no question about itself."""

    def __call__(self):
        fail()

    def __getattribute__(self, name):
        raise SystemExit(name)

    def __repr__(self):
        raise SystemExit("repr")


class Failing:
    def __init__(self):
        fail()


# Each makes a step, anew each time, and its name is what the log must hold.
STEPS = [
    (lambda: fail, "test_safety.fail() failed with RuntimeError"),
    (lambda: partial(fail, "a", key=[1]), "test_safety.fail('a', key=[1]) failed"),
    (lambda: partial(fail, [object()]), "test_safety.fail([<object object>]) failed"),
    (lambda: partial(fail, "b" * 999), "test_safety.fail('bbb"),
    (lambda: partial(Step("a").run), "test_safety.Step.__call__(test_safety.Step("),
    (lambda: lambda: fail(), "<lambda>() in test_safety.py:"),
    (lambda: lambda n="a": fail(n), "<lambda>('a') in test_safety.py:"),
    (lambda: lambda n="b": fail(n), "<lambda>('b') in test_safety.py:"),
    (lambda: lazy_fail("a"), "lazy_fail.<locals>.<lambda>('a') in test_safety.py:"),
    (lambda: lazy_fail("b"), "lazy_fail.<locals>.<lambda>('b') in test_safety.py:"),
    (lambda: Step("a"), "test_safety.Step(name='a', calls="),
    (lambda: Step("b"), "test_safety.Step(name='b', calls="),
    (lambda: Step("c").run, "Step.__call__(test_safety.Step(name='c', calls="),
    (Silent, "<test_safety.Silent object> failed with RuntimeError"),
    (lambda: Failing, "test_safety.Failing() failed with RuntimeError"),
    (lambda: None, "None failed with TypeError"),
    (lambda: "register", "'register' failed with TypeError"),
    (lambda: [].pop, "list.pop() failed with IndexError"),
    (lambda: numbered, "test_safety.numbered() failed with TypeError"),
    (lambda: awaited, "test_safety.awaited() failed with TypeError"),
    (lambda: partial(map, fail, [1]), "map(test_safety.fail(), [1]) failed with TypeError"),
]


def test_each_step_that_fails_is_logged_once_under_its_own_name(log):
    for _ in range(2):
        for make, _ in STEPS:
            _safety.attempt(make())
    messages = [record.getMessage() for record in log]
    for message, (_, name) in zip(messages, STEPS, strict=True):
        assert name in message
    assert len(set(messages)) == len(STEPS)
    assert max(map(len, messages)) < 700


def test_a_step_that_changes_itself_is_logged_once(log):
    calls = 0
    step = Step("a")

    def count():
        nonlocal calls
        calls += 1
        fail()

    for each in (count, count, step, step, step.run, step.run):
        _safety.attempt(each)
    assert len(log) == 3


def test_a_step_that_does_nothing_raises_when_told_to(monkeypatch):
    monkeypatch.setenv(_safety.STRICT, "1")
    with pytest.raises(TypeError, match="returned a generator, and so did nothing"):
        _safety.attempt(numbered)


def test_two_names_that_are_taken_are_both_warned_of(log):
    for name in ("A", "B", "A"):
        _safety.warn_of_owner("architecture", name, "other:Other", "about.py")
    for record, name in zip(log, "AB", strict=True):
        assert f"the architecture {name} already belongs" in record.getMessage()


def test_a_forked_process_says_it_again(monkeypatch, log):
    monkeypatch.setattr("os.getpid", lambda: 1)
    _safety.say_once(logging.WARNING, "topic", "said")
    monkeypatch.setattr("os.getpid", lambda: 2)
    _safety.say_once(logging.WARNING, "topic", "said")
    assert len(log) == 2


def test_the_path_of_a_class_is_its_module_and_name():
    assert _safety.class_path(Step) == f"{__name__}:Step"
