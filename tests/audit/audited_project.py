"""A small vLLM, a plugin that uses it, and the audit's command run on both."""

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from shared.rendering import TEMPLATE, result_of

AUDIT = TEMPLATE / "tests" / "_template" / "audit"


# A small vLLM, with what the plugin below uses of it.
VLLM = {
    "__init__.py": "from .registry import Registry\n",
    "registry.py": """
class Table:
    models: dict
    def register(self, name: str, model: str) -> None: pass
Registry = Table()
""",
    "layers.py": """
from .base import Layer
class Linear(Layer):
    def __init__(self, size: int, bias: bool = True, *, prefix: str = "") -> None:
        self.parts = size
    def forward(self, x): return x
def rope(size: int, base: float = 1e4) -> Layer:
    return Layer()
""",
    "base.py": """
class Layer:
    scale: float
    def start(self): pass
""",
    "model.py": """
from dataclasses import dataclass
from .base import Layer
class Parent(Layer):
    def embed_input_ids(self, input_ids): pass
    def forward(self, input_ids, positions): pass
    def compute_logits(self, hidden_states): return hidden_states
@dataclass
class Mapper:
    prefix: dict = None
""",
    "model_executor/models/interfaces_base.py": """
class VllmModel:
    def embed_input_ids(self, input_ids): pass
    def forward(self, input_ids, positions): pass
class VllmModelForTextGeneration(VllmModel):
    def compute_logits(self, hidden_states): pass
class VllmModelForPooling(VllmModel):
    pooler: object
""",
}


PLUGIN = """
from vllm import Registry
from vllm.layers import Linear, rope
from vllm.model import Mapper, Parent

MAPPER = Mapper(prefix={})
Registry.register("a", model="b")
print(Registry.models)

class Attention:
    def __init__(self):
        self.linear = Linear(1, bias=False, prefix="p")
        self.rope = rope(64, base=1.0)
        self.parts = self.linear.parts
        print(self.rope.scale)
    def forward(self, x):
        return self.linear(x)

class Model(Parent):
    def start(self):
        return super().start()
    def compute_logits(self, hidden_states):
        return super().compute_logits(hidden_states)
"""


METADATA = "Metadata-Version: 2.1\nName: vllm\nVersion: {version}\nRequires-Python: >=3.10\n"
METADATA += "Requires-Dist: torch=={torch}\nRequires-Dist: transformers<5\n"
METADATA += 'Requires-Dist: transformers[extra]>1; extra == "more"\n'


def write_vllm(folder: Path, version: str, change: tuple = (), torch: str = "2.1") -> Path:
    """Write a vLLM in which ``change`` has put some text in place of another in a file."""
    for name, text in VLLM.items():
        if change and name == change[0]:
            assert change[1] in text
            text = text.replace(change[1], change[2])
        file = folder / "vllm" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    info = folder / f"vllm-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA.format(version=version, torch=torch))
    return folder


def add_distribution(site: Path, name: str, version: str, **files: str) -> None:
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    metadata = METADATA.replace("Name: vllm", f"Name: {name.replace('_', '-')}")
    (info / "METADATA").write_text(metadata.format(version=version, torch="9"))
    for file, text in files.items():
        (info / file.replace("__", ".")).write_text(text)


def audit_of(project: Path, *arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "tests/_template/audit", *map(str, arguments)]
    return result_of(*command, cwd=project)


def findings(output: str) -> dict[str, list[str]]:
    """Return the findings of a report by section, without those that say that there are none."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in output.splitlines():
        if line.startswith("- ") and section != "Unchanged":
            found[section] = [*found.get(section, []), line[2:]]
        elif line and not line.startswith("vLLM "):
            section = line.lstrip("# ")
    return {name: lines for name, lines in found.items() if lines != ["nothing"]}


def line_of(text: str) -> str:
    [number] = [n for n, line in enumerate(PLUGIN.split("\n"), 1) if text in line]
    return f"model.py:{number}"


def as_wheel(source: Path, folder: Path) -> Path:
    path = folder / "vllm-2.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in source.rglob("*"):
            archive.write(file, file.relative_to(source))
    return path


def as_sdist(source: Path, folder: Path) -> Path:
    path = folder / "vllm-2.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(source / "vllm", "vllm-2.0/vllm")
        archive.add(source / "vllm-2.0.dist-info" / "METADATA", "vllm-2.0/PKG-INFO")
    return path


GIVE = "give a wheel, an sdist or a folder of it"


def assert_refused(result: subprocess.CompletedProcess, message: str) -> None:
    """Assert that a command was refused in one line, which matches ``message``."""
    assert (result.returncode, result.stdout) == (2, "")
    [line] = [each for each in result.stderr.splitlines() if "error: " in each]
    assert re.fullmatch(f"python tests/_template/audit: error: {message}", line), line
    assert result.stderr.splitlines()[-1] == line
