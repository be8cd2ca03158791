"""How loading grows with architectures in a plugin, plugins installed, and processes: fixture engine."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENGINE = Path(__file__).parents[1] / "{{cookiecutter.package_name}}/tests/_template/fixture_engine"
LOAD = """
import time
from vllm.plugins import load_general_plugins
start = time.perf_counter()
load_general_plugins()
print(time.perf_counter() - start)
"""
REGISTER = """
def register():
    from vllm import ModelRegistry
    for number in range({count}):
        ModelRegistry.register_model(f"{package}Arch{{number}}", "{package}.model:Model")
"""


def write_plugin(folder: Path, package: str, count: int) -> None:
    (folder / f"{package}.py").write_text(REGISTER.format(package=package, count=count))
    info = folder / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    text = f"[vllm.general_plugins]\n{package} = {package}:register\n"
    (info / "entry_points.txt").write_text(text)


def seconds_to_load(plugins: int, architectures: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(plugins):
            write_plugin(folder, f"plugin{number}", architectures)
        settings = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ENGINE}"}
        command = [sys.executable, "-c", LOAD]
        runs = [
            subprocess.check_output(command, env=settings, text=True, timeout=600) for _ in range(5)
        ]
    return statistics.median(map(float, runs))


def seconds_of_engine(processes: int) -> float:
    """Return how long the fixture engine needs with so many workers, and one plugin."""
    with tempfile.TemporaryDirectory() as name:
        write_plugin(Path(name), "plugin0", 1)
        settings = os.environ | {"PYTHONPATH": f"{name}{os.pathsep}{ENGINE}"}
        command = [sys.executable, "-m", "vllm.fixture", "--workers", str(processes)]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            output = subprocess.check_output(command, env=settings, text=True, timeout=600)
            reports = json.loads(output)
            times.append(time.perf_counter() - start)
            assert len(reports) == processes + 2
    return statistics.median(times)


def series() -> dict[str, dict[str, list[float]]]:
    """Return for each kind of growth its x values and the seconds."""
    architectures, plugins, processes = (
        [1, 10, 100, 300, 1000],
        [1, 10, 50, 100, 200],
        [1, 4, 16, 64],
    )
    return {
        "architectures in one plugin": {
            "x": architectures,
            "seconds": [seconds_to_load(1, count) for count in architectures],
        },
        "plugins installed": {
            "x": plugins,
            "seconds": [seconds_to_load(count, 1) for count in plugins],
        },
        "workers of the fixture engine": {
            "x": processes,
            "seconds": [seconds_of_engine(count) for count in processes],
        },
    }
