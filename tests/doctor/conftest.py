"""For the tests of the doctor: one package, built once, and a way to run the doctor on it."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from breaking import ARCHITECTURE, HEALTHY, MODEL_TYPE, NAME, PLUGIN, copy, note
from shared.rendering import install_into, make_environment, render_into, result_of


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> SimpleNamespace:
    """A rendered project, a folder with its wheel installed, and an environment without it."""
    folder = tmp_path_factory.mktemp("doctor")
    names = {"plugin_name": PLUGIN, "class_name": ARCHITECTURE, "registered_name": MODEL_TYPE}
    project = render_into(folder, **names)
    bin_folder = make_environment(folder / "venv", "setuptools")
    install_into(folder / "site", copy(project, folder / "copy"))
    return SimpleNamespace(
        project=project, site=folder / "site", venv=folder / "venv", python=bin_folder / "python"
    )


@pytest.fixture
def site(built, tmp_path) -> Path:
    """A copy of the folder with the installed package, which a test may break."""
    return copy(built.site, tmp_path / "site")


@pytest.fixture
def doctor(built, tmp_path):
    """A function that runs the doctor with folders on Python's path, and asserts what it reports.

    ``expected`` are (level, part of what was found, part of the cure) of what is not ok, ``ok``
    is how many lines are. Returns the report.
    """

    def doctor(*path, expected=(), ok=HEALTHY, arguments=(), python=built.python, **options):
        settings = {"PYTHONPATH": os.pathsep.join(map(str, path))}
        settings |= {"VLLM_CACHE_ROOT": str(tmp_path / "cache")} | options.pop("env", {})
        settings = {k: v for k, v in os.environ.items() if k != "VLLM_PLUGINS"} | settings
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        command = [python, "-m", NAME, "--json", *arguments]
        result = result_of(*command, **({"cwd": elsewhere, "env": settings} | options))
        report = json.loads(result.stdout)
        for finding in report:
            note(finding["found"], finding["cure"])
        wrong = [finding for finding in report if finding["level"] != "ok"]
        shown = result.stdout + result.stderr
        assert len(wrong) == len(expected), shown
        for finding, (level, found, cure) in zip(wrong, expected, strict=True):
            assert finding["level"] == level, shown
            assert found in finding["found"], shown
            assert cure in finding["cure"], shown
            assert finding["cure"], shown
        assert len(report) - len(wrong) == ok, shown
        assert not any(finding["cure"] for finding in report if finding["level"] == "ok"), shown
        assert result.returncode == any(level == "problem" for level, _, _ in expected), shown
        return report

    return doctor


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the test that looks at all messages run after those that provoke them."""
    items.sort(key=lambda item: item.path.name == "test_doctor_messages.py")
