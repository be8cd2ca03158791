"""The audit names what vLLM does not have, and counts what it cannot follow."""

import pytest
from plugin_source import IMPORTS, NEW, OLD, VLLM

ABSENT = {
    "def f(config: Config):\n    print(config.scheduler.never)": "Config().scheduler.never does not exist",
    "def f(config: Config):\n    print(config.scheduler.never.more)": "Config().scheduler.never does not exist",
    "def f(config: Config):\n    print(config.maybe.never)": "Config().maybe.never does not exist",
    "print(get_group().never)": "get_group().never does not exist",
    "class Mine(nn.Module):\n    def __init__(self):\n        self.linear = Linear(1)\n        self.linear.never(1)":
        "Linear().never does not exist",
    "print(Stage.NEVER)": "Stage.NEVER does not exist",
    "import vllm.engine\nvllm.engine.never()": "never does not exist",
    "import vllm.lazy\nprint(vllm.lazy.never)": "never does not exist",
    "class Mine(Parent):\n    def f(self): return self.never": "Parent().never does not exist",
    "class Mine(Parent):\n    def f(self): return super().never()": "Parent().never does not exist",
    "getattr(get_group(), 'never')": "get_group().never does not exist",
    "import importlib\nimportlib.import_module('vllm.never')": "never does not exist",
    "from vllm.engine import never": "never does not exist",
    "from vllm.config import get_group": "get_group does not exist; see vllm.engine.get_group",
}  # fmt: skip


@pytest.mark.parametrize("code", ABSENT)
def test_what_is_not_there_is_named_at_once(plugin, code):
    mine = plugin(IMPORTS + code + "\n")
    reference = mine.recorded()
    # On the vLLM that was recorded as on any other.
    assert mine.breaking(reference) == [ABSENT[code]]
    assert mine.breaking(reference, lazy=VLLM["lazy.py"] + "# new\n") == [ABSENT[code]]


UNRESOLVED = [
    "def f(config: Config):\n    print(config.anything.never)",
    "def f(config: Config):\n    print(config.several[0].never)",
    "for each in get_group().size:\n    print(each.never)",
    "print(get_later().never)",
    "print(Dynamic().never)",
    "print(get_group().special)",
    "print(get_group().given)",
    "from vllm.engine import Parser\nprint(Parser()._actions)",
    "import vllm.lazy\nprint(vllm.lazy.made)",
]
FINE = [
    "class Mine(nn.Module):\n    def __init__(self):\n        self.linear = Linear(1)\n        self.linear.to(1)",
    "print(Stage.FIRST.value, Stage['FIRST'])",
    "print(get_group().first, get_group().rank, get_group().size)",
    "config = Config()\nconfig.mine = 1\nprint(config.mine)",
    "Args.create = lambda self, device: None\nArgs.mine = 1\nprint(Args.mine)",
    "class Mine(Parent):\n    def own(self): return self.own, self.state\n    def f(self): self.state = 1",
    "class Mine(Parent):\n    def f(self): return self.other\nclass Other(Mine):\n    other = 1",
    "def f(first):\n    first = first or get_group()\n    return [get_group for get_group in first], first",
    "class Linear:\n    def mine(self): pass\nLinear().mine()",
    "class Mine(nn.Module):\n    def __init__(self, x):\n        self.a = Linear(1) if x else None\n"
    "        if x:\n            self.a = Linear(1)\n        else:\n            self.a = Mine(1)\n    def f(self): self.a.f()",
    "def f(x):\n    group = get_group()\n    if x:\n        group = object()\n    return group.never",
    "class Mine(Parent):\n    def __init__(self, a, b, *, c): super().__init__()",
    "class Mine(Parent):\n    def start(self, z): pass\ndef f(parent: Parent):\n    parent.start(z=1)",
    "class Mine(nn.Module):\n    def __init__(self, x):\n        self.a = Args() if x else None\n        self.a = Args()\n"
    "        if x:\n            self.a = Other()\n    def f(self): self.a.create(1, 2)\n",
    "class Mine(nn.Module):\n    def __init__(self, x):\n        self.a = Args()\n        if x:\n            self.a = Linear(1)\n"
    "    def f(self): self.a.create(1, 2), self.a.forward(1)\n",
]  # fmt: skip


@pytest.mark.parametrize("code", UNRESOLVED)
def test_what_cannot_be_followed_is_counted(plugin, code):
    report = plugin(IMPORTS + code + "\n").report()
    assert report.sections["Breaking"] == []
    assert len(report.unresolved) == 1
    assert f"used in __init__.py:{(IMPORTS + code).count(chr(10)) + 1}" in report.unresolved[0]


@pytest.mark.parametrize("code", FINE)
def test_what_exists_is_not_reported(plugin, code):
    report = plugin(IMPORTS + code + "\n").report()
    assert report.sections["Breaking"] == []
    assert report.unresolved == []


def test_names_are_followed_through_the_packages_own_modules(plugin):
    shim = f"try:\n    {OLD}except ImportError:\n    {NEW}"
    for start in ("from .compat", "from plugin.compat"):
        mine = plugin(f"{start} import Layer\nLayer().forward(1, 2)\n", compat=shim)
        assert mine.breaking() == ["Layer().forward() takes 1 positional argument, not 2"]
        for file in [*mine.package.iterdir()]:
            file.unlink()
        mine.package.rmdir()
