"""Without a real vLLM, a test that gets to what only that has is skipped, and says what that was.

The fixture engine notes each import of that kind, in all processes. There is no need to edit this.
"""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTES = "FIXTURE_ENGINE_NOTES"
# As it is before a test changes it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != NOTES}
# Whether register() leaves something out for want of a real vLLM, and for no other reason.
PROBE = """
import logging
from {{ cookiecutter.package_name }} import _safety, _vllm, register
records = []
handler = logging.Handler()
handler.emit = records.append
_safety.logger.addHandler(handler)
register()
errors = [record.exc_info[1] for record in records if record.exc_info]
own = [entry for entry in _vllm.entries() if entry.reference and not entry.group]
left_out = any(entry.owner() is None for entry in own)
print(left_out and all(getattr(error, "needs_real_vllm", False) for error in errors))
"""


@functools.cache
def register_needs_a_real_vllm() -> bool:
    """Tell whether register() leaves something out only because of what is lacking."""
    command = [sys.executable, "-c", PROBE]
    options: dict = {"capture_output": True, "text": True}
    result = subprocess.run(command, env=ENVIRONMENT, timeout=120, **options)
    return result.stdout.endswith("True\n")


def comes_of_it(error: BaseException | None) -> bool:
    """Tell whether what is lacking is the error, or what the error came of."""
    while error is not None:
        if getattr(error, "needs_real_vllm", False):
            return True
        error = error.__cause__ or error.__context__
    return False


def lacked() -> list[str]:
    """Return what was noted in this test, each once."""
    file = Path(os.environ[NOTES])
    return list(dict.fromkeys(file.read_text().split())) if file.exists() else []


def reason(names: list[str]) -> str:
    return f"the fixture engine has no {', '.join(names)}: this needs a real vLLM"


def skip(report, path: Path, line: int, names: list[str]) -> None:
    report.outcome, report.longrepr = "skipped", (str(path), line, f"Skipped: {reason(names)}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    Path(os.environ[NOTES]).unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Skip a test that passed without all that it is about, or failed for want of it."""
    report = yield
    names = lacked()
    # A failure that has another cause stays one.
    over = report.failed or (report.passed and call.when == "call")
    if names and over and call.when != "teardown":
        error = call.excinfo and call.excinfo.value
        if report.passed or comes_of_it(error) or register_needs_a_real_vllm():
            skip(report, item.path, (item.location[1] or 0) + 1, names)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Skip a file of tests that imports what is lacking."""
    Path(os.environ[NOTES]).unlink(missing_ok=True)
    report = yield
    call = getattr(report, "call", None)
    if report.failed and call and comes_of_it(call.excinfo.value):
        skip(report, collector.path, 1, lacked())
    return report
