"""What a plugin costs each process: found, imported and registered, in three shapes.

Run by run.py in an environment with real vLLM; it prints JSON. vLLM is imported once, and each
sample is taken in a process forked from there. Only one of the shapes is found in each.
"""

import compileall
import importlib
import json
import os
import sys
import time
import tracemalloc
from importlib.metadata import entry_points
from pathlib import Path

import vllm
import vllm.model_executor.models.registry
from transformers import AutoConfig  # noqa: F401

ROUNDS = 30
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


def sample(folder: Path, package: str, in_bytes: bool) -> dict:
    """Find, import and call one plugin in a forked process; return seconds and bytes."""
    read, write = os.pipe()
    if os.fork() == 0:
        sys.path.insert(0, str(folder))
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
        result = {"discovery": found - start, "import": loaded - found, "register": done - loaded}
        result["bytes"] = tracemalloc.get_traced_memory()[0] if in_bytes else 0
        result["imported by the package"] = sorted(imported)
        os.write(write, json.dumps(result).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.wait()
    return json.loads(text)


if __name__ == "__main__":
    ours, folder = Path(sys.argv[1]), Path(sys.argv[2])
    model = (ours / "vllm_my_model" / "model.py").read_text()
    places = {"vllm_my_model": ours}
    for name, text in SHAPES.items():
        package = "shape_" + name.replace(" ", "_")
        write_shape(folder / package, package, text, model)
        places[package] = folder / package
    # As pip does when it installs.
    for place in places.values():
        compileall.compile_dir(place, quiet=2)
    results: dict[str, list] = {package: [] for package in places}
    for number in range(ROUNDS + 3):
        for package, place in places.items():
            results[package].append(sample(place, package, in_bytes=number >= ROUNDS))
    print(json.dumps({"vllm": vllm.__version__, "rounds": ROUNDS, "samples": results}))
