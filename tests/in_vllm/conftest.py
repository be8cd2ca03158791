"""Fixtures of the real lane: plugins in an environment with vLLM, and a way to run scripts there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import witness
from lane import ALONE, CHECKPOINT_NAMES, NAMES, SCRIPTS, VERSION, build
from shared import environments
from shared.rendering import LONG_LIMIT, TEMPLATES, render_into, result_of


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    """The bin folder of an environment with vLLM and one plugin of each kind, and their tests.

    It has none of those that change what every model runs; see ``home_of``.
    """
    bin_folder = environments.on_top_of(VERSION, tmp_path_factory.mktemp("plugins") / "venv")
    projects = {}
    for kind, names in NAMES.items():
        projects[kind] = render_into(tmp_path_factory.mktemp(kind), kind=kind, **names)
        wheel = build(projects[kind])
        if kind not in ALONE:
            environments.install(bin_folder, wheel)
    return bin_folder, projects


@pytest.fixture(scope="module")
def home_of(plugins, tmp_path_factory):
    """A function that returns the bin folder of an environment in which a kind's plugin is."""
    homes = {}

    def home_of(kind: str) -> Path:
        if kind not in ALONE:
            return plugins[0]
        if kind not in homes:
            homes[kind] = environments.on_top_of(VERSION, tmp_path_factory.mktemp(kind) / "venv")
            [wheel] = plugins[1][kind].glob("dist/*.whl")
            environments.install(homes[kind], wheel)
        return homes[kind]

    return home_of


@pytest.fixture(scope="module")
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
    bin_folder, projects = plugins

    def call(name: str, kind: str, options: dict, **environment) -> subprocess.CompletedProcess:
        if kind not in projects:
            pytest.skip(f"{kind} does not support vLLM {VERSION}")
        tests = projects[kind] / "tests"
        for folder in (SCRIPTS, TEMPLATES / "kinds" / kind / "proof"):
            shutil.copytree(folder, tests, dirs_exist_ok=True)
        names = CHECKPOINT_NAMES[kind] | options.get("names", {})
        arguments = [tmp_path / "checkpoint", json.dumps(options | {"names": names})]
        command = [bin_folder / "python", tests / f"{name}.py", *arguments]
        environment = os.environ | settings | environment
        return result_of(*command, env=environment, limit=LONG_LIMIT)

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
