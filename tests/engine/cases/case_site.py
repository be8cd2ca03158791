"""What a case has to work with: plugins that are found by their metadata, a log, an engine."""

import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from threading import Thread
from types import SimpleNamespace

from vllm import ModelRegistry
from vllm.plugins import load_general_plugins

FIXTURE = importlib.util.find_spec("vllm.fixture") is not None
ROOT = Path(__file__).parents[3]
TINY_CHECKPOINT = ROOT / "templates/shared/model/template_tests/tiny_checkpoint.py"
REFERENCE = ROOT / "templates/shared/model/tests/reference.py"
# What the reference takes from a plugin, for vLLM's own Llama.
NAMES = """
class about:
    ARCHITECTURES, MODEL_TYPES = {"LlamaForCausalLM": ""}, {"llama": ""}
"""
# As much of vLLM's ModelConfig as the registry reads; no fallback to transformers' models.
MODEL_CONFIG = SimpleNamespace(model_impl="vllm", convert_type="none", runner_type="generate")

RECORDER = """
import json, multiprocessing, os, sys

INSPECTING = sys.argv[0].endswith("registry.py")
ROLE = "inspection" if INSPECTING else multiprocessing.current_process().name

def record(what):
    # One write, so that the lines of several processes never mix.
    file = os.open({calls!r}, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(file, (json.dumps(what) + "\\n").encode())
    os.close(file)
"""
PLUGIN = """
import os
from recorder import INSPECTING, ROLE, record
{top}
def register():
    from vllm import ModelRegistry
{body}
"""
# The fixture engine has no torch; a model is any class there.
MODEL = """
import os
from recorder import record
try:
    from torch.nn import Module
except ImportError:
    Module = object
record(["imported", os.getpid()])
{top}
class {name}({base}):
    {body}
"""
# What vLLM's own test for pipeline parallelism looks at.
SUPPORTS_PP = """supports_pp = True
    def make_empty_intermediate_tensors(self, batch_size, dtype, device): pass
    def forward(self, *, intermediate_tensors): pass
"""
ENGINE = """
import sys
from vllm import LLM
if __name__ == "__main__":
    workers = int(sys.argv[2])
    options = dict(dtype="float32", max_model_len=64, enforce_eager=True)
    LLM(sys.argv[1], tensor_parallel_size=workers, **options)
"""


class Site:
    """A folder of plugins that this process and its children see, and a log of this process."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.log: list[logging.LogRecord] = []
        self.found = 0
        os.environ["VLLM_CACHE_ROOT"] = str(folder / "cache")
        os.environ.pop("VLLM_PLUGINS", None)
        self.add_to_path(folder / "site")
        self.module("recorder", RECORDER.format(calls=str(folder / "calls")))
        handler = logging.Handler()
        handler.emit = self.log.append  # type: ignore[method-assign, assignment]
        logging.getLogger("vllm").addHandler(handler)
        logging.getLogger("vllm").setLevel(logging.DEBUG)

    def add_to_path(self, folder: Path) -> None:
        """Let this process and its children find what ``folder`` holds, after what was added."""
        folder.mkdir(parents=True, exist_ok=True)
        sys.path.insert(self.found, str(folder))
        self.found += 1
        own = sys.path[: self.found]
        inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        others = [path for path in inherited if path and path not in own]
        os.environ["PYTHONPATH"] = os.pathsep.join(own + others)
        importlib.invalidate_caches()

    def module(self, name: str, text: str) -> Path:
        file = self.folder / "site" / f"{name}.py"
        file.write_text(dedent(text))
        importlib.invalidate_caches()
        return file

    def plugin(self, name, body="", top="", group="vllm.general_plugins", **names) -> None:
        """Add a distribution with one plugin, whose function has ``body``, its module ``top``.

        It is found after those that were added before. ``names``: package, value, distribution.
        """
        package = names.get("package", f"plugin_{name}")
        body = indent(dedent(body) + "\npass", "    ")
        self.module(package, PLUGIN.format(top=dedent(top), body=body))
        distribution = names.get("distribution", f"dist-of-{name}-{package}")
        value = names.get("value", f"{package}:register")
        # A folder each: within one the order of discovery is up to the file system.
        stem = distribution.replace("-", "_")
        metadata = self.folder / "found" / str(self.found) / f"{stem}-1.dist-info"
        metadata.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n"
        (metadata / "METADATA").write_text(text)
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
        self.add_to_path(metadata.parent)

    def model(self, name="TheModel", base="Module", body=SUPPORTS_PP, top="", plugin="") -> None:
        """Add the_model.py with a class, and a plugin that registers it lazily."""
        self.module("the_model", MODEL.format(name=name, base=base, body=body, top=dedent(top)))
        if not (self.folder / "site/plugin_model.py").exists():
            lazy = f"ModelRegistry.register_model({name!r}, 'the_model:{name}')"
            called = 'record(["called", os.getpid()])'
            self.plugin("model", f"{called}\n{dedent(plugin)}\n{lazy}")

    @property
    def records(self) -> list:
        """What plugins and models have recorded so far, in all processes, in order."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def logged(self, level: str, text: str) -> list[str]:
        """Return the messages of this process at a level that contain ``text``."""
        said = [(record.levelname, record.getMessage()) for record in self.log]
        return [message for name, message in said if name == level and text in message]

    @property
    def output(self) -> str:
        """What this process and its children have printed."""
        return (self.folder / "output").read_text()

    def load(self) -> list:
        """Load the general plugins, as every process of vLLM does; return what they recorded."""
        load_general_plugins()
        return self.records

    def python(self, script: str, *arguments: str) -> subprocess.CompletedProcess:
        """Run a script in a new process, which sees the same plugins."""
        file = self.module("script", script)
        command = [sys.executable, str(file), *arguments]
        return finish(command)

    def checkpoint(self) -> Path:
        """Return a folder with a tiny checkpoint of vLLM's own Llama; real vLLM only."""
        folder = self.folder.parent / "checkpoint"
        if not folder.exists():
            shutil.copy(TINY_CHECKPOINT, self.folder / "site")
            text = REFERENCE.read_text().replace("{{ cookiecutter.package_name }}", "names")
            text = text.replace('{{ cookiecutter | reference_type("llama") }}', '"llama"')
            self.module("names", NAMES)
            self.module("reference", text)
            save_checkpoint = importlib.import_module("tiny_checkpoint").save_checkpoint
            save_checkpoint(folder, tie_word_embeddings=True)
        return folder

    def start_engine(self, workers: int = 1) -> subprocess.CompletedProcess:
        """Start an engine with so many workers, in processes of its own, and end it."""
        os.environ["VLLM_CPU_OMP_THREADS_BIND"] = "|".join(str(core) for core in range(workers))
        if FIXTURE:
            command = [sys.executable, "-m", "vllm.fixture", "--workers", str(workers)]
            return finish(command)
        return self.python(ENGINE, str(self.checkpoint()), str(workers))


def finish(command: list[str]) -> subprocess.CompletedProcess:
    """Run a command; AssertionError with what it printed so far if it is not done in 200 s."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=200)
    except subprocess.TimeoutExpired as late:
        shown = b"\n".join(part or b"" for part in (late.stdout, late.stderr)).decode()
        raise AssertionError(f"{command} was not done in 200 s, having printed:\n{shown}") from None


def join(threads: list[Thread]) -> None:
    """Wait until threads have ended; AssertionError if one takes over a minute."""
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), f"{thread.name} does not end"


def inspect(architectures):
    """Ask the registry what the first of some architectures can do: (flags, architecture)."""
    return ModelRegistry.inspect_model_cls(architectures, MODEL_CONFIG)


def resolve(architectures):
    """Ask the registry for the class of the first of some architectures: (class, architecture)."""
    return ModelRegistry.resolve_model_cls(architectures, MODEL_CONFIG)


def error_of(function, *arguments) -> BaseException:
    """Return what ``function`` raises; AssertionError if that is nothing."""
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError(f"{function} raised nothing")
