"""Chooses the engine for all tests: vLLM if it is installed, else the fixture engine.

No need to edit this file.
"""

import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import pytest

FIXTURE_ENGINE = Path(__file__).parent / "fixture_engine"

# Settings that vLLM reads when it is imported: small, offline, and nothing left behind.
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
cache = tempfile.TemporaryDirectory(prefix="vllm-cache-")
os.environ["VLLM_CACHE_ROOT"] = cache.name
# Which plugins are let in is up to each test.
os.environ.pop("VLLM_PLUGINS", None)

found = importlib.util.find_spec("vllm")
# A spec without a loader is a mere folder of that name.
if found is None or found.loader is None:
    # Last on the path here, and in PYTHONPATH for the processes that tests and engine start.
    sys.path.append(str(FIXTURE_ENGINE))
    python_path = [os.environ.get("PYTHONPATH"), str(FIXTURE_ENGINE)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, python_path))

import vllm  # noqa: E402 - only now it can be found, and reads the settings above

REAL_VLLM = importlib.util.find_spec("vllm.fixture") is None
# Where the fixture engine, in all processes, notes what was imported that only a real vLLM has.
os.environ["FIXTURE_ENGINE_NOTES"] = str(Path(cache.name, "notes"))
# What the environment is before anything of this package is imported.
ENVIRONMENT = dict(os.environ)
NO_MODELS = "no vLLM is installed, and the fixture engine loads plugins but runs no models"


def pytest_configure(config: pytest.Config) -> None:
    if not REAL_VLLM:
        from _template import fixture_skips

        config.pluginmanager.register(fixture_skips)


def pytest_report_header() -> list[str]:
    engine = "vLLM" if REAL_VLLM else "the fixture engine, which stands in for vLLM"
    header = [f"engine: {engine} {vllm.__version__}, in {Path(vllm.__file__).parent}"]
    if not REAL_VLLM:
        header.append(f"skipped: the tests marked real_vllm, because {NO_MODELS}")
    return header


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not REAL_VLLM:
        for item in items:
            if item.get_closest_marker("real_vllm"):
                item.add_marker(pytest.mark.skip(reason=NO_MODELS))


def pytest_unconfigure() -> None:
    cache.cleanup()
