"""The audit that is rendered: what it finds when one thing about vLLM's source changes."""

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from helpers import TEMPLATE, run

AUDIT = TEMPLATE / "tests" / "audit"
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


@pytest.fixture
def project(tmp_path) -> Path:
    """A plugin with the rendered audit, and what it uses recorded on the small vLLM."""
    project = tmp_path / "project"
    audit = project / "tests" / "audit"
    audit.mkdir(parents=True)
    for file in AUDIT.glob("*.py"):
        text = file.read_text().replace("{{ cookiecutter.package_name }}", "plugin")
        (audit / file.name).write_text(text)
    (project / "plugin").mkdir()
    (project / "plugin" / "__init__.py").touch()
    (project / "plugin" / "about.py").write_text('ARCHITECTURE = "Model"\n')
    (project / "plugin" / "model.py").write_text(PLUGIN)
    old = write_vllm(tmp_path / "old", "1.0")
    run(sys.executable, "tests/audit", old, "--record", cwd=project)
    return project


def audit_of(project: Path, *arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "tests/audit", *map(str, arguments)]
    return subprocess.run(command, cwd=project, capture_output=True, text=True)


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


# File, what stands there, what to put there, section, and the finding, with {…} for a line of the plugin.
CHANGES = {
    "a function is gone": (
        "layers.py", "def rope(", "def other(", "Breaking", "rope is gone; used in {import Linear}"),
    "a class has moved": (
        "model.py", "class Mapper:\n", "class Other:\n", "Breaking", "Mapper is gone"),
    "a method that is called is gone": (
        "registry.py", "def register(", "def add(", "Breaking", "Registry.register is gone; used in {register(}"),
    "an argument is gone": (
        "layers.py", "bias: bool = True, ", "", "Breaking", "Linear() lost bias; used in {Linear(1}"),
    "a keyword of a function is gone": (
        "layers.py", "base: float = 1e4", "theta: float = 1e4", "Breaking", "rope() lost base; used in {rope(64}"),
    "a field of a dataclass is gone": (
        "model.py", "prefix: dict = None", "suffix: dict = None", "Breaking",
        "Mapper() lost prefix; used in {MAPPER}"),
    "an argument is new and required": (
        "layers.py", "size: int, bias", "size: int, depth: int, bias", "Breaking",
        "Linear() requires depth; used in {Linear(1}"),
    "an argument must be named": (
        "layers.py", "self, size: int, bias: bool = True, *,", "self, *, size: int = 1, bias: bool = True,",
        "Breaking", "Linear() takes 0 positional arguments, not 1; used in {Linear(1}"),
    "an attribute is gone": (
        "layers.py", "self.parts", "self.pieces", "Breaking", "Linear().parts is gone; used in {self.linear.parts}"),
    "an attribute of what a function returns is gone": (
        "base.py", "scale: float", "factor: float", "Breaking", "rope().scale is gone; used in {self.rope.scale}"),
    "a method that is overridden is gone": (
        "base.py", "def start(", "def begin(", "Breaking",
        "Parent.start is gone, and vLLM will not call what overrides it; used in {def start}"),
    "an overriding method is called with less": (
        "model_executor/models/interfaces_base.py", "def compute_logits(self, hidden_states)",
        "def compute_logits(self)", "Breaking",
        "VllmModelForTextGeneration lost hidden_states of compute_logits(); required in {class Model}"),
    "a model must have one more method": (
        "model_executor/models/interfaces_base.py", "pass\nclass VllmModelForT",
        "pass\n    def get_weights(self): pass\nclass VllmModelForT", "Breaking",
        "VllmModelForTextGeneration requires get_weights(); missing in {class Model}"),
    "a default is another": (
        "layers.py", "base: float = 1e4", "base: float = 5e5", "Behavioral",
        "rope() takes base: float = 500000.0, and took base: float = 10000.0"),
    "an annotation is another": (
        "layers.py", "-> Layer:", "-> Linear:", "Behavioral", "rope() returns Linear, and Layer before"),
    "a body is another": (
        "model.py", "return hidden_states", "return 2 * hidden_states", "Behavioral",
        "Parent.compute_logits() has another body"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found_and_named(project, tmp_path, name):
    file, old, new, section, expected = CHANGES[name]
    result = audit_of(project, write_vllm(tmp_path / "new", "2.0", (file, old, new)))
    expected = re.sub(r"{(.+)}", lambda match: line_of(match[1]), expected)
    lines = findings(result.stdout)[section]
    assert any(line.startswith(f"vLLM 2.0: {expected}") for line in lines), result.stdout
    assert result.returncode == (1 if section == "Breaking" else 0)


def test_where_a_symbol_has_moved_to_is_named(project, tmp_path):
    new = write_vllm(tmp_path / "new", "2.0", ("layers.py", "def rope(", "def other("))
    (new / "vllm" / "ropes.py").write_text("def rope(size: int, base: float = 1e4): pass\n")
    result = audit_of(project, new)
    expected = f"rope has moved to vllm.ropes.rope; used in {line_of('import Linear')}"
    assert expected in findings(result.stdout)["Breaking"][0]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("model.py", "return hidden_states", "return hidden_states  # as it is"),
        ("layers.py", "def forward(self, x): return x", 'def forward(self, x):\n        "X."\n        return x'),
        (
            "model_executor/models/interfaces_base.py",
            "pass\nclass VllmModelForT",
            "pass\n    def optional(self): return False\nclass VllmModelForT",
        ),
        ("registry.py", "class Table:\n", "class Unused:\n    pass\n\nclass Table:\n"),
    ],
)  # fmt: skip
def test_what_changes_nothing_is_no_finding(project, tmp_path, file, old, new):
    result = audit_of(project, write_vllm(tmp_path / "new", "2.0", (file, old, new)))
    assert findings(result.stdout) == {}
    assert result.returncode == 0


def test_what_vllm_requires_is_compared(project, tmp_path):
    result = audit_of(project, write_vllm(tmp_path / "new", "2.0", torch="2.2"))
    assert findings(result.stdout) == {
        "Dependencies": ["vLLM 2.0: torch ==2.2, which was ==2.1"],
    }
    assert result.returncode == 0


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


@pytest.mark.parametrize("pack", [as_wheel, as_sdist])
def test_a_file_that_was_downloaded_is_read(project, tmp_path, pack):
    source = write_vllm(tmp_path / "new", "2.0", ("layers.py", "bias: bool = True, ", ""), "2.2")
    result = audit_of(project, pack(source, tmp_path))
    assert findings(result.stdout)["Breaking"][0].startswith("vLLM 2.0: Linear() lost bias")
    assert findings(result.stdout)["Dependencies"] == ["vLLM 2.0: torch ==2.2, which was ==2.1"]


def test_the_report_is_markdown_when_asked_for(project, tmp_path):
    result = audit_of(project, write_vllm(tmp_path / "new", "2.0"), "--markdown")
    assert re.findall(r"^#+ .*", result.stdout, re.MULTILINE) == [
        "# vLLM 2.0, against 1.0 as it was recorded",
        "## Breaking",
        "## Behavioral",
        "## Dependencies",
        "## Unchanged",
    ]


def test_the_same_source_is_recorded_in_the_same_bytes(project, tmp_path):
    reference = project / "tests" / "audit" / "reference.json"
    before = reference.read_bytes()
    run(sys.executable, "tests/audit", tmp_path / "old", "--record", cwd=project)
    assert reference.read_bytes() == before
    symbols = json.loads(before)["symbols"]
    assert list(symbols) == sorted(symbols)
    assert symbols["vllm.layers.Linear"]["parameters"] == [
        "size: int",
        "bias: bool = True",
        "*",
        "prefix: str = ''",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no vLLM is installed: give a wheel, an sdist or a folder of it"),
        (["nowhere"], "nowhere holds no vLLM: give a wheel, an sdist or a folder of it"),
        (["--unknown"], "unrecognized arguments: --unknown"),
    ],
)
def test_wrong_usage_is_refused_in_one_line(project, arguments, message):
    result = audit_of(project, *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == f"python tests/audit: error: {message}"
