"""Plugins for tests, on PYTHONPATH: one notes where vLLM calls another, one lets Ray run on CPU."""

import json
from pathlib import Path

# vLLM imports all plugins before it calls any, and this one first: its folder leads the path.
WITNESS = """
import json, multiprocessing, os, sys
import {package} as plugin

original = plugin.register

def role_and_node():
    ray = sys.modules.get("ray")
    if ray and ray.is_initialized():
        return "Ray actor", ray.get_runtime_context().get_node_id()
    if sys.argv[0].endswith("registry.py"):
        return "inspection", None
    return multiprocessing.current_process().name, None

def noted():
    original()
    from vllm import ModelRegistry
    role, node = role_and_node()
    line = dict(
        pid=os.getpid(),
        parent_pid=os.getppid(),
        role=role,
        # How it was started in truth, whatever vLLM was told.
        spawned="--multiprocessing-fork" in sys.orig_argv,
        node=node,
        architectures=[name for name in ModelRegistry.get_supported_archs() if name[:2] == "My"],
    )
    file = os.open({calls!r}, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(file, (json.dumps(line) + "\\n").encode())
    os.close(file)

plugin.register = noted

def register():
    pass
"""

# vLLM's own platform for CPU has no name for what Ray should count, and then refuses Ray.
RAY_ON_CPU = """
def platform():
    return "ray_on_cpu.RayOnCpu"

def __getattr__(name):
    if name != "RayOnCpu":
        raise AttributeError(name)
    # Late, because vLLM imports this module while it still looks for its platform.
    from vllm.platforms.cpu import CpuPlatform
    return type(name, (CpuPlatform,), {"ray_device_key": "GPU"})
"""


def install(folder: Path, package: str) -> dict[str, str]:
    """Write the witness of ``package`` into ``folder``; return the environment that brings it."""
    text = WITNESS.format(package=package, calls=str(folder / "calls"))
    write_plugin(folder, "witness", "vllm.general_plugins", "register", text)
    return {"PYTHONPATH": str(folder)}


def install_ray_platform(folder: Path) -> None:
    """Write the platform plugin ray_on_cpu into ``folder``."""
    write_plugin(folder, "ray_on_cpu", "vllm.platform_plugins", "platform", RAY_ON_CPU)


def write_plugin(folder: Path, name: str, group: str, function: str, text: str) -> None:
    """Write a module and the metadata with which it is found as a plugin of that name."""
    metadata = folder / f"{name}-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {name}:{function}\n")
    (folder / f"{name}.py").write_text(text)


def calls(folder: Path) -> list[dict]:
    """Return one entry for each call of the plugin's register(), in order, of all processes."""
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
