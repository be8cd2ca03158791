"""Fixtures of the real lane: plugins in an environment with vLLM, and a way to run scripts there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import witness
from lane import ALONE, CHECKPOINT_NAMES, NAMES, SCRIPTS, VERSION, build, wheel_of
from shared import environments
from shared.rendering import LONG_LIMIT, TEMPLATES, render_into, result_of


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder that all workers of a run share; the first that asks for it fills it.

    In ``plugins`` is an environment with vLLM and one plugin of each kind, but for those that change
    what every model runs, see ``home_of``; in ``projects`` are their tests and wheels.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    folder /= "in_vllm"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        environments.take(lock, LONG_LIMIT)
        if not (folder / "complete").exists():
            bin_folder = environments.on_top_of(VERSION, folder / "plugins")
            wheels = {
                kind: build(render_into(folder / "projects" / kind, kind=kind, **names))
                for kind, names in NAMES.items()
            }
            environments.install(
                bin_folder, *(wheel for kind, wheel in wheels.items() if kind not in ALONE)
            )
            (folder / "complete").touch()
    return folder


@pytest.fixture(scope="session")
def plugins(shared, tmp_path_factory):
    """The bin folder of the environment that all share, which no test changes, and the projects.

    Each worker has projects of its own, since tests write into them.
    """
    projects = {}
    for kind, names in NAMES.items():
        project = shared / "projects" / kind / names["package_name"]
        projects[kind] = shutil.copytree(project, tmp_path_factory.mktemp(kind) / project.name)
    return shared / "plugins" / "bin", projects


@pytest.fixture(scope="session")
def home_of(plugins, tmp_path_factory):
    """A function that returns the bin folder of an environment in which a kind's plugin is."""
    homes = {}

    def home_of(kind: str) -> Path:
        if kind not in ALONE:
            return plugins[0]
        if kind not in homes:
            homes[kind] = environments.on_top_of(VERSION, tmp_path_factory.mktemp(kind) / "venv")
            environments.install(homes[kind], wheel_of(plugins[1][kind]))
        return homes[kind]

    return home_of


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    """What the environment of every process with vLLM adds: no network, and one cache for all."""
    return {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CACHE_ROOT": str(tmp_path_factory.mktemp("cache")),
    }


@pytest.fixture
def call(plugins, settings, tmp_path):
    """A function that runs one of the scripts beside a kind's tests and proof; it leaves a result.json."""
    shared_folder, projects = plugins

    def call(
        name: str, kind: str, options: dict, bin_folder: Path = shared_folder, **environment
    ) -> subprocess.CompletedProcess:
        if kind not in projects:
            pytest.skip(f"{kind} does not support vLLM {VERSION}")
        tests = projects[kind] / "tests"
        for folder in (SCRIPTS, TEMPLATES / "kinds" / kind / "proof"):
            shutil.copytree(folder, tests, dirs_exist_ok=True)
        names = CHECKPOINT_NAMES[kind] | options.get("names", {})
        arguments = [tmp_path / "checkpoint", json.dumps(options | {"names": names})]
        command = [bin_folder / "python", tests / f"{name}.py", *arguments]
        environment = os.environ | settings | environment
        # What a plugin writes where its server starts, such as the stat logger, stays there.
        return result_of(*command, env=environment, cwd=tmp_path, limit=LONG_LIMIT)

    return call


@pytest.fixture
def noted_calls(tmp_path, record_property):
    """A function that returns what the witness noted of a kind's plugin, and reports it."""

    def noted_calls(kind: str) -> list[dict]:
        calls = witness.calls(tmp_path / "witness")
        record_property("processes", json.dumps(calls))
        assert all(NAMES[kind]["class_name"] in call["architectures"] for call in calls), calls
        # No second call in any process.
        assert len({call["pid"] for call in calls}) == len(calls), calls
        return calls

    return noted_calls
