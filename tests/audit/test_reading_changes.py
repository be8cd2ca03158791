"""What the audit says when a class or a symbol that the plugin builds on changes."""

import pytest
from plugin_source import VLLM

OVERRIDES = "from vllm.engine import Parent\nclass Mine(Parent):\n    def start(self, x, y): super().start(x, y)\n"
OVERRIDES += "    def _step(self, x): super()._step(x)\n    def own(self, a): pass\n"
CHANGES = {
    "a method takes less": (
        "def start(self, x, y)", "def start(self, x)", "Breaking",
        "Parent.start() is called without y, which this method requires; used in __init__.py:3"),
    "a private method is gone": (
        "def _step(", "def _other(", "Behavioral",
        "Parent._step is gone, and vLLM will not call what overrides it; used in __init__.py:4"),
    "a method is gone": (
        "def start(", "def begin(", "Breaking",
        "Parent.start is gone, and vLLM will not call what overrides it; used in __init__.py:3"),
    "the bases are others": (
        "class Parent(nn.Module)", "class Parent(nn.Linear)", "Behavioral",
        "Parent() has the bases ['nn.Linear'], and ['nn.Module'] before; used in __init__.py:1, __init__.py:2"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_affects_a_subclass_is_reported(plugin, name):
    old, new, section, expected = CHANGES[name]
    report = plugin(OVERRIDES).report(None, "2.0", engine=VLLM["engine.py"].replace(old, new))
    assert f"vLLM 2.0: {expected}" in report.sections[section]
    if section == "Behavioral":
        # What calls a method that vLLM does not call any more is not run.
        assert report.sections["Breaking"] == []


def test_a_patched_name_that_is_gone_is_reported(plugin):
    mine = plugin("from vllm.engine import Args\nArgs.create = print\n")
    lines = mine.breaking(None, engine=VLLM["engine.py"].replace("def create", "def other"))
    assert lines == ["Args.create is gone, and vLLM will not read what is assigned to it"]


def test_a_symbol_that_is_defined_elsewhere_is_reported(plugin):
    mine = plugin("from vllm.new import rope\n")
    report = mine.report(None, "2.0", new="from .moved import Layer, rope\n", moved=VLLM["new.py"])
    [line] = report.sections["Behavioral"]
    assert "rope() stands in vllm.moved.rope, and stood in vllm.new.rope" in line


def test_the_digest_is_the_same_on_every_python(tools):
    import ast

    code = "class A:\n    'Doc.'\n    def f(self, x=1): return f'{x!r} {x:>{2}}' if x else None\n"
    assert tools["digests"].digest(ast.parse(code)) == "7f42e2e82d43"
