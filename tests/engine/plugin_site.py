"""A folder of plugins, and processes that see these and the fixture engine."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

from shared.rendering import result_of

FIXTURE = Path(__file__).parents[2] / "{{cookiecutter.package_name}}/tests/_template/fixture_engine"


PRELUDE = """
import os, sys
import vllm, vllm.logger, vllm.plugins
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins, load_plugins_by_group

def inspect(architectures):
    load_general_plugins()
    info, name = ModelRegistry.inspect_model_cls(architectures)
    return f"{info.architecture} {name} {info.supports_pp}"
"""


PLUGIN = """
import multiprocessing, os, signal, time
from recorder import record
{top}
def register():
    from vllm import ModelRegistry
{body}
"""


@dataclass
class Site:
    """A folder of plugins and the processes that see it and the fixture, but nothing else."""

    folder: Path
    found: list[Path] = field(default_factory=list)

    @property
    def records(self) -> list[str]:
        """What was recorded so far, by all processes, in order."""
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def module(self, name: str, text: str) -> None:
        file = self.folder / "site" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))

    def plugin(self, name, body, top="", group="vllm.general_plugins", package=None) -> None:
        """A distribution with one plugin, whose function has ``body`` and whose module ``top``."""
        package = package or f"plugin_{name}"
        body = indent(dedent(body) + "\npass", "    ")
        self.module(package, PLUGIN.format(top=dedent(top), body=body))
        # A folder each, for within one folder the order of discovery is up to the file system.
        metadata = self.folder / "found" / package / f"{package}.dist-info"
        metadata.mkdir(parents=True)
        self.found.append(metadata.parent)
        text = f"Metadata-Version: 2.1\nName: dist-of-{name}-{package}\nVersion: 1\n"
        (metadata / "METADATA").write_text(text)
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {package}:register\n")

    def model(self, name, base="object", body="supports_pp = True", top="") -> None:
        """A plugin that registers the_model:``name`` lazily; both record where they run."""
        head = "import multiprocessing, os, signal, time\nfrom recorder import record\n"
        head += "record(f'imported {os.getpid()}')\n"
        self.module("the_model", f"{head}{dedent(top)}\nclass {name}({base}):\n    {body}\n")
        if not (self.folder / "site/plugin_model.py").exists():
            called = "record(f'called {os.getpid()}')"
            lazy = f"ModelRegistry.register_model({name!r}, 'the_model:{name}')"
            self.plugin("model", f"{called}\n{lazy}")

    def real_vllm(self) -> Path:
        """A folder with a package that passes for the real vllm."""
        package = self.folder / "real/vllm"
        (package / "plugins").mkdir(parents=True)
        (package / "__init__.py").write_text("__version__ = 'real'")
        (package / "plugins/__init__.py").write_text("who = 'real'")
        return package.parent

    def run(self, *arguments, path=(FIXTURE,), **environment) -> subprocess.CompletedProcess:
        return result_of(
            sys.executable,
            *arguments,
            env={
                **{name: value for name, value in os.environ.items() if name[:5] != "VLLM_"},
                "PYTHONPATH": os.pathsep.join(map(str, [*path, self.folder / "site", *self.found])),
                "PYTHONDONTWRITEBYTECODE": "1",
                "VLLM_CACHE_ROOT": str(self.folder / "cache"),
                **environment,
            },
            cwd=self.folder,
            limit=60,
        )

    def succeeds(self, script: str, **environment) -> subprocess.CompletedProcess:
        out = self.run("-c", PRELUDE + dedent(script), **environment)
        assert out.returncode == 0, out.stderr
        return out

    def fails(self, script: str, **environment) -> subprocess.CompletedProcess:
        out = self.run("-c", PRELUDE + dedent(script), **environment)
        assert out.returncode == 1, out.stdout + out.stderr
        return out
