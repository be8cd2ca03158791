"""The audit finds and names what changes in vLLM's source, and nothing else."""

import re

import pytest
from audited_project import audit_of, findings, line_of, write_vllm

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
def test_a_change_without_effect_is_not_reported(project, tmp_path, file, old, new):
    result = audit_of(project, write_vllm(tmp_path / "new", "2.0", (file, old, new)))
    assert findings(result.stdout) == {}
    assert result.returncode == 0


def test_what_vllm_requires_is_compared(project, tmp_path):
    result = audit_of(project, write_vllm(tmp_path / "new", "2.0", torch="2.2"))
    assert findings(result.stdout) == {
        "Dependencies": ["vLLM 2.0: torch ==2.2, which was ==2.1"],
    }
    assert result.returncode == 0
