"""Evidence of where vLLM calls a plugin: a second plugin, for tests, that notes each call."""

import json
from pathlib import Path

# vLLM imports all plugins before it calls any, and this one first: its folder leads the path.
WITNESS = """
import json, multiprocessing, os, sys
import {package} as plugin

original = plugin.register

def noted():
    original()
    from vllm import ModelRegistry
    inspecting = sys.argv[0].endswith("registry.py")
    line = dict(
        pid=os.getpid(),
        parent_pid=os.getppid(),
        role="inspection" if inspecting else multiprocessing.current_process().name,
        architectures=[name for name in ModelRegistry.get_supported_archs() if name[:2] == "My"],
    )
    file = os.open({calls!r}, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(file, (json.dumps(line) + "\\n").encode())
    os.close(file)

plugin.register = noted

def register():
    pass
"""


def install(folder: Path, package: str) -> dict[str, str]:
    """Write the witness of ``package`` into ``folder``; return the environment that brings it."""
    metadata = folder / "witness-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: witness\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[vllm.general_plugins]\nwitness = witness:register\n"
    )
    text = WITNESS.format(package=package, calls=str(folder / "calls"))
    (folder / "witness.py").write_text(text)
    return {"PYTHONPATH": str(folder)}


def calls(folder: Path) -> list[dict]:
    """Return one entry for each call of the plugin's register(), in order, of all processes."""
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
