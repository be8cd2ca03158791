"""Run a plugin's own tests/test_model.py on several versions of its package, in one process each.

``python variants.py PROJECT RESULT NAME=FOLDER ...``: the tests are in PROJECT, and each FOLDER has
the package. RESULT is a JSON object: for each name, the tests that did not pass, each with the phase
in which it failed and what it said. vLLM takes many seconds to import, so that is done once; each
version runs in a process that is forked from here, eager.
"""

import functools
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import vllm
from vllm.model_executor.models import registry

# Seconds. A version that hangs is ended by the alarm.
PATIENCE = 240


class Failures:
    """A plugin of pytest's that keeps what failed, and counts what passed."""

    def __init__(self) -> None:
        self.failed: dict[str, list[str]] = {}
        self.passed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("::")[2].partition("[")[0]
        if report.failed:
            longrepr: Any = report.longrepr
            self.failed[name] = [str(report.when), longrepr.reprcrash.message]
        elif report.when == "call" and report.passed:
            self.passed += 1


def run_tests(folder: Path, result: Path) -> None:
    """Run the tests in the current folder on the package in ``folder``, and write what failed."""
    sys.path.insert(0, str(folder))
    failures = Failures()
    options = ["-q", "-p", "no:cacheprovider", "-k", "not compiled"]
    pytest.main(["tests/test_model.py", *options], plugins=[failures])
    # What a finding is worth: the version that was meant ran.
    package = sys.modules[Path.cwd().name]
    assert Path(str(package.__file__)).is_relative_to(folder), package
    result.write_text(json.dumps({"failed": failures.failed, "passed": failures.passed}))


def in_a_child(folder: Path, result: Path) -> dict:
    pid = os.fork()
    if pid == 0:
        signal.alarm(PATIENCE)
        try:
            run_tests(folder, result)
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(pid, 0)
    if not result.exists():
        return {"failed": {"all": ["setup", "it ended early, or took too long"]}, "passed": 0}
    return json.loads(result.read_text())


if __name__ == "__main__":
    project, result = Path(sys.argv[1]), Path(sys.argv[2])
    folders = dict(argument.split("=", 1) for argument in sys.argv[3:])
    os.chdir(project)
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    vllm.LLM = functools.partial(vllm.LLM, enforce_eager=True)
    # Inspected here, and not in a subprocess that imports vLLM once more for each version.
    registry._LazyRegisteredModel.inspect_model_cls = lambda lazy: (
        registry._ModelInfo.from_model_cls(lazy.load_model_cls())
    )
    outcomes = {
        name: in_a_child(Path(folder), result.with_name(f"{number}.json"))
        for number, (name, folder) in enumerate(folders.items())
    }
    result.write_text(json.dumps(outcomes))
