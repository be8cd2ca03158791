"""What a plugin costs each process: found, imported and registered, in three shapes.

Run by run.py in an environment with real vLLM; it prints JSON. Each sample is taken in a process of
its own: a new one, which imports vLLM first, as those that vLLM spawns, or one forked from a process
that has, which pays for every page that it touches first. Only one of the shapes is found in each.
"""

import compileall
import importlib
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from importlib.metadata import entry_points
from pathlib import Path

import vllm
import vllm.model_executor.models.registry
from transformers import AutoConfig  # noqa: F401

FORKED, SPAWNED = 30, 7
# The class itself, so that the model and all that it stands on are imported, as in vLLM's own
# documentation; and a lazy string with no guard and no config, the shape of public plugins.
SHAPES = {
    "class object": """
def register():
    from vllm import ModelRegistry
    from {package}.model import MyModelForCausalLM
    if "MyModelForCausalLM" not in ModelRegistry.get_supported_archs():
        ModelRegistry.register_model("MyModelForCausalLM", MyModelForCausalLM)
""",
    "lazy string": """
def register():
    from vllm import ModelRegistry
    ModelRegistry.register_model("MyModelForCausalLM", "{package}.model:MyModelForCausalLM")
""",
}


def write_shape(folder: Path, package: str, init: str, model: str) -> None:
    """Write a package and the metadata with which it is found."""
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text(init.format(package=package))
    (folder / package / "model.py").write_text(model)
    info = folder / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    text = f"[vllm.general_plugins]\n{package} = {package}:register\n"
    (info / "entry_points.txt").write_text(text)


def take(folder: str, package: str, in_bytes: bool = False) -> dict:
    """Find, import and call one plugin in this process; return seconds and bytes."""
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    before = set(sys.modules)
    if in_bytes:
        tracemalloc.start()
    start = time.perf_counter()
    [entry] = [e for e in entry_points(group="vllm.general_plugins") if e.name == package]
    found = time.perf_counter()
    register = entry.load()
    loaded = time.perf_counter()
    heavy = ("torch", "transformers", "vllm")
    imported = [m for m in set(sys.modules) - before if m.partition(".")[0] in heavy]
    register()
    done = time.perf_counter()
    return {
        "discovery": found - start,
        "import": loaded - found,
        "register": done - loaded,
        "bytes": tracemalloc.get_traced_memory()[0] if in_bytes else 0,
        "imported by the package": sorted(imported),
    }


def take_in_forked(*arguments) -> dict:
    read, write = os.pipe()
    if os.fork() == 0:
        signal.alarm(600)
        os.write(write, json.dumps(take(*arguments)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.wait()
    return json.loads(text)


def take_in_new(*arguments: str) -> dict:
    command = [sys.executable, __file__, "take", *arguments]
    output = subprocess.check_output(command, text=True, timeout=600)
    return json.loads(output.splitlines()[-1])


def main(ours: Path, folder: Path) -> dict:
    model = (ours / "vllm_my_model" / "model.py").read_text()
    places = {"vllm_my_model": str(ours)}
    for name, text in SHAPES.items():
        package = "shape_" + name.replace(" ", "_")
        write_shape(folder / package, package, text, model)
        places[package] = str(folder / package)
    # As pip does when it installs.
    for place in places.values():
        compileall.compile_dir(place, quiet=2)
    samples: dict[str, dict[str, list]] = {"forked": {}, "spawned": {}, "traced": {}}

    def add(kind: str, package: str, sample: dict) -> None:
        samples[kind].setdefault(package, []).append(sample)

    for number in range(FORKED):
        for package, place in places.items():
            add("forked", package, take_in_forked(place, package))
            if number < SPAWNED:
                add("spawned", package, take_in_new(place, package))
            if number < 3:
                add("traced", package, take_in_forked(place, package, True))
    return {"vllm": vllm.__version__, "samples": samples}


if __name__ == "__main__":
    mode, *arguments = sys.argv[1:]
    print(json.dumps(take(*arguments) if mode == "take" else main(*map(Path, arguments))))
