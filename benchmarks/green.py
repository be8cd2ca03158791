"""From nothing to a rendered package with passing tests, and where the seconds go."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 3


def steps(folder: Path) -> dict[str, list]:
    """Return the commands of the last words that a rendering prints, and what comes before them."""
    project, python = folder / "vllm_my_model", sys.executable
    bin_folder = project / ".venv" / "bin"
    return {
        "render": [python, "-m", "cookiecutter", "--no-input", "-o", folder, ROOT],
        "make an environment": ["uv", "venv", "--python", python, project / ".venv"],
        "install": [
            "uv",
            "pip",
            "install",
            "--python",
            bin_folder / "python",
            "-e",
            f"{project}[test]",
        ],
        "test": ["env", "-C", project, bin_folder / "pytest", "-q"],
    }


def seconds() -> dict[str, float]:
    """Return the median of each step's seconds, with a warm package cache, and their sum."""
    samples: dict[str, list[float]] = {}
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as name:
            for step, command in steps(Path(name)).items():
                start = time.perf_counter()
                subprocess.run(
                    list(map(str, command)),
                    check=True,
                    capture_output=True,
                    cwd=name,
                    env=os.environ,
                )
                samples.setdefault(step, []).append(time.perf_counter() - start)
    # The first round has warmed the cache.
    medians = {step: statistics.median(values[1:]) for step, values in samples.items()}
    return medians | {"together": sum(medians.values())}
