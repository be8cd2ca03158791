"""From nothing to a rendered package with passing tests, and where the seconds go."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 3
# What each step does with its time.
REASONS = {
    "render": "Python and cookiecutter start, two hooks do",
    "make an environment": "with pip, pip is installed into it",
    "install": "setuptools comes into an environment for the build; then pytest and griffe",
    "test": "pytest; a dozen processes of the doctor and of the fixture engine",
}


def steps(folder: Path, by: str) -> dict[str, list]:
    """Return the commands from nothing to tests, by uv, or by pip as the hook prints them."""
    project = folder / "vllm_my_model"
    environment, python = project / ".venv", project / ".venv" / "bin" / "python"
    make, install = {
        "uv": (["uv", "venv", "--python", sys.executable], ["uv", "pip", "install", "--python"]),
        "pip": ([sys.executable, "-m", "venv"], []),
    }[by]
    pip = [*install, python] if install else [python, "-m", "pip", "install"]
    return {
        "render": [sys.executable, "-m", "cookiecutter", "--no-input", "-o", folder, ROOT],
        "make an environment": [*make, environment],
        "install": [*pip, "-e", f"{project}[test]"],
        "test": ["env", "-C", project, python.with_name("pytest"), "-q"],
    }


def seconds(by: str) -> dict[str, float]:
    """Return the median of each step's seconds, with a warm package cache, and their sum."""
    samples: dict[str, list[float]] = {}
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as name:
            for step, command in steps(Path(name), by).items():
                start = time.perf_counter()
                arguments = list(map(str, command))
                subprocess.run(arguments, check=True, capture_output=True, cwd=name, timeout=600)
                samples.setdefault(step, []).append(time.perf_counter() - start)
    # The first round has warmed the cache.
    medians = {step: statistics.median(values[1:]) for step, values in samples.items()}
    return medians | {"together": sum(medians.values())}
