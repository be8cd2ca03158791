"""The audit's reading of a plugin and of vLLM: what is followed, guarded, and called with what."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from shared.rendering import TEMPLATE

AUDIT = TEMPLATE / "tests" / "_template" / "audit"
VLLM = {
    "__init__.py": "from .version import __version__\n",
    "version.py": '__version__ = "1.0"\n',
    "new.py": "class Layer:\n    def forward(self, x): pass\ndef rope(size: int): pass\n",
    "lazy.py": 'def __getattr__(name):\n    return {"made": 1}[name]\n',
    "config.py": """
from dataclasses import KW_ONLY, InitVar, dataclass, field
from enum import Enum
from typing import Any, ClassVar, NamedTuple, dataclass_transform

@dataclass_transform()
def config(cls=None, **options): return cls

class Stage(Enum):
    FIRST = 1

@config
class Scheduler:
    size: int = 1
    stage: Stage = Stage.FIRST

@config(config={})
class Config:
    scheduler: Scheduler = field(default_factory=Scheduler)
    maybe: "Scheduler | None" = None
    several: list[Scheduler] = field(default_factory=list)
    anything: Any = None

@dataclass
class Update:
    modality: str
    target: str
    kind: ClassVar[str] = "update"
    number: int = field(init=False, default=0)

@dataclass
class Replacement(Update):
    replacement: str = ""
    _: KW_ONLY
    strict: bool

@dataclass(kw_only=True)
class Named:
    first: int
    second: InitVar[int] = 2

@dataclass
class Written:
    field: int
    def __init__(self, other): self.other = other

class Pair(NamedTuple):
    left: int
    right: int = 0
""",
    "engine.py": """
import argparse
from torch import nn
from .config import Config

class Args:
    def create(self, device): pass
    @staticmethod
    def load(path): pass
    @classmethod
    def build(cls, path): pass
    @property
    def config(self) -> Config: return Config()

class Group:
    first: bool
    def __init__(self): self.rank, self.size = 0, 1

def get_group() -> Group: return Group()
async def get_later() -> Group: return Group()

class Linear(nn.Module):
    def __init__(self, size): super().__init__()

class Parent(nn.Module):
    def start(self, x, y): pass
    def _step(self, x): pass

class Special(Group):
    special = 1

class Dynamic:
    def __getattr__(self, name): return 1

class Method:
    pass

class Parser(argparse.ArgumentParser):
    pass

def give(group):
    group.given = 1
""",
}


@pytest.fixture
def tools(monkeypatch):
    """The modules of the audit, by name, in this process."""
    monkeypatch.syspath_prepend(AUDIT)
    names = [file.stem for file in AUDIT.glob("*.py") if file.stem != "__main__"]
    yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name)


class Plugin:
    """A plugin of one file, and the vLLMs that it is recorded and audited on."""

    def __init__(self, tools: dict, folder: Path, code: str, **files: str) -> None:
        self.tools, self.folder = tools, folder
        self.package = folder / "plugin"
        self.package.mkdir()
        (self.package / "__init__.py").write_text(code)
        for name, text in files.items():
            (self.package / f"{name}.py").write_text(text)
        self.count = 0

    def vllm(self, version: str = "1.0", **changes: Any):
        """Return a vLLM with other files than VLLM, or without some."""
        self.count += 1
        root = self.folder / f"vllm-{self.count}"
        files = VLLM | {f"{name}.py": text for name, text in changes.items()}
        for name, text in files.items():
            if text is not None:
                (root / "vllm" / name).parent.mkdir(parents=True, exist_ok=True)
                (root / "vllm" / name).write_text(text)
        (root / "PKG-INFO").write_text(f"Name: vllm\nVersion: {version}\n")
        return self.tools["vllm_source"].Source(str(root), self.folder / "unused")

    def recorded(self, **changes: Any) -> Any:
        return self.tools["findings"].record(self.vllm(**changes), self.package)

    def report(self, reference: Any = None, version: str = "1.0", **changes: Any):
        reference = reference or self.recorded()
        return self.tools["findings"].audit(self.vllm(version, **changes), self.package, reference)

    def breaking(self, *arguments, **changes: Any) -> list[str]:
        lines = self.report(*arguments, **changes).sections["Breaking"]
        return [line.partition(": ")[2].partition("; used")[0] for line in lines]


@pytest.fixture
def plugin(tools, tmp_path):
    return lambda code, **files: Plugin(tools, tmp_path, code, **files)


# Import of what vLLM 1.0 has in a new place, guarded against one that has it in the old.
OLD, NEW = "from vllm.old import Layer\n", "from vllm.new import Layer\n"
USE = "\nclass Mine(Layer):\n    def forward(self, x): return super().forward(x)\n"
SHIMS = {
    "ImportError": f"try:\n    {OLD}except ImportError:\n    {NEW}",
    "ModuleNotFoundError": f"try:\n    {OLD}except ModuleNotFoundError:\n    {NEW}",
    "Exception": f"try:\n    {OLD}except Exception as error:\n    {NEW}",
    "a bare except": f"try:\n    {OLD}except:\n    {NEW}",
    "several": f"try:\n    {OLD}except (AttributeError, ImportError):\n    {NEW}",
    "the new one first": f"try:\n    {NEW}except ImportError:\n    {OLD}",
    "with else and finally": f"try:\n    {OLD}except ImportError:\n    {NEW}else:\n    from vllm.old import more\n"
    "finally:\n    print()\n",
    "nested": f"try:\n    {OLD}except ImportError:\n    try:\n        from vllm.older import Layer\n"
    f"    except ImportError:\n        {NEW}",
    "another exception before": f"try:\n    {OLD}except ValueError:\n    from vllm.no import x\n"
    f"except ImportError:\n    {NEW}",
    "suppress": f"import contextlib\n{NEW}with contextlib.suppress(ImportError):\n    {OLD}",
    "version": "import vllm\nfrom packaging.version import Version\n"
    f"if Version(vllm.__version__) < Version('0.9'):\n    {OLD}else:\n    {NEW}",
    "version as numbers": "from vllm import __version__\n"
    f"if tuple(map(int, __version__.split('.')[:2])) < (0, 9):\n    {OLD}else:\n    {NEW}",
    "version of the distribution": "from importlib.metadata import version\n"
    f"OLD = version('vllm') < '0.9'\nif OLD:\n    {OLD}else:\n    {NEW}",
    "version, by a function": f"def version_is(text): return text\nif version_is('0.9'):\n    {OLD}else:\n    {NEW}",
    "find_spec": f"from importlib.util import find_spec\nif find_spec('vllm.old'):\n    {OLD}else:\n    {NEW}",
    "find_spec, kept": "import importlib.util\nHAS = importlib.util.find_spec('vllm.old') is not None\n"
    f"if not HAS:\n    {NEW}else:\n    {OLD}",
    "hasattr": f"import vllm.new as new\nif hasattr(new, 'Older'):\n    {OLD}else:\n    {NEW}",
    "hasattr, and": "import vllm.new as new\nprint(hasattr(new, 'Older') and new.Older())\n" + NEW,
    "getattr": "import vllm.new as new\nLayer = getattr(new, 'Older', None)\nif Layer is None:\n"
    "    Layer = new.Layer\nelse:\n    from vllm.old import more\n",
    "a flag": f"try:\n    {OLD}    OLD = True\nexcept ImportError:\n    OLD = False\nif OLD:\n"
    f"    from vllm.old import more\nelse:\n    {NEW}",
    "none": f"try:\n    from vllm.old import fused\nexcept ImportError:\n    fused = None\n{NEW}"
    "if fused is not None:\n    fused(1).x\n",
    "attribute": f"import vllm.new as new\ntry:\n    Old = new.Older\nexcept AttributeError:\n    Old = new.Layer\n{NEW}",
    "an early return": f"import vllm.new as new\n{NEW}def f():\n    if not hasattr(new, 'Older'):\n        return\n"
    "    new.Older()\n",
    "in a function": f"def f():\n    try:\n        {OLD}    except ImportError:\n        {NEW}    return Layer\n{NEW}",
}  # fmt: skip


@pytest.mark.parametrize("name", SHIMS)
def test_of_guarded_alternatives_one_must_exist(plugin, name):
    mine = plugin(SHIMS[name] + USE)
    assert mine.breaking() == []
    symbols = mine.recorded().symbols
    assert "vllm.new.Layer" in symbols
    assert not any(each.startswith("vllm.old") for each in symbols)
    # What the alternative gives is followed.
    assert "vllm.new.Layer.forward" in symbols
    neither = mine.breaking(None, new="x = 1\n")
    assert any(line.startswith("Layer ") for line in neither)


@pytest.mark.parametrize("name", SHIMS)
def test_the_reference_is_read_as_vllm_is(plugin, tools, name):
    """The rendered test of the reference has no vLLM to look at."""
    mine = plugin(SHIMS[name] + USE)
    reference = mine.recorded()
    recorded = tools["recorded"].Recorded(reference)
    uses = tools["package"].uses_of(mine.package, recorded)
    needed = {
        use.symbol_path for use in uses if use.kind in ("import", "base") and not use.optional
    }
    assert {each for each in needed if recorded.has(each) is False} == set()


UNGUARDED = {
    "nothing": OLD,
    "an exception that it does not raise": f"try:\n    {OLD}except ValueError:\n    {NEW}",
    "a name that is missing from a module that is there": "try:\n    from vllm.new import Layer, Older\n"
    "except ModuleNotFoundError:\n    Older = None\n",
    "raised again": f"try:\n    {OLD}except ImportError as error:\n    raise RuntimeError() from error\n",
    "neither is there": f"try:\n    {OLD}except ImportError:\n    from vllm.older import Layer\n",
    "the version says so": f"import vllm\nif vllm.__version__ >= '0.9':\n    {OLD}",
    "no version is asked for": f"def f(x):\n    if x:\n        {OLD}",
}  # fmt: skip


@pytest.mark.parametrize("name", UNGUARDED)
def test_what_no_guard_catches_breaks(plugin, name):
    lines = plugin(UNGUARDED[name]).breaking()
    assert any(line.startswith(("Layer does not exist", "Older does not exist")) for line in lines)


TYPE_CHECKING = {
    "from typing import TYPE_CHECKING": "TYPE_CHECKING",
    "import typing": "typing.TYPE_CHECKING",
    "import typing as t": "t.TYPE_CHECKING",
}


@pytest.mark.parametrize("start", TYPE_CHECKING)
def test_what_is_imported_for_type_checkers_breaks_nothing(plugin, start):
    code = f"if {TYPE_CHECKING[start]}:\n    from vllm.config import Config, Gone\n"
    mine = plugin(f"{start}\n{code}def f(config: 'Config'):\n    return config.scheduler.size\n")
    assert mine.breaking() == []
    # It is followed all the same.
    renamed = VLLM["config.py"].replace("size: int", "length: int")
    assert mine.breaking(None, config=renamed) == ["Config().scheduler.size is gone"]
    # Nothing is said of it, not even that it is gone.
    report = mine.report(None, config="x = 1\n")
    assert (report.sections["Breaking"], report.sections["Behavioral"]) == ([], [])


def test_what_a_package_can_do_without_is_told_and_breaks_nothing(plugin):
    mine = plugin("try:\n    from vllm.new import rope\nexcept ImportError:\n    rope = None\n")
    report = mine.report(None, "2.0", new="x = 1\n")
    assert report.sections["Breaking"] == []
    expected = "vLLM 2.0: rope is gone, which this package allows for; used in __init__.py:2"
    assert report.sections["Behavioral"] == [expected]


IMPORTS = "from vllm.config import *\nfrom vllm.engine import *\nfrom torch import nn\n".replace(
    "config import *", "config import Config, Named, Pair, Replacement, Scheduler, Stage, Written"
).replace(
    "engine import *", "engine import Args, Dynamic, Linear, Method, Parent, get_group, get_later"
)  # fmt: skip
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
def test_what_is_there_is_no_finding(plugin, code):
    report = plugin(IMPORTS + code + "\n").report()
    assert report.sections["Breaking"] == []
    assert report.unresolved == []


CALLS = {
    "Replacement('a', 'b', 'c', strict=True)": [],
    "Replacement(modality='a', target='b', strict=True)": [],
    "Replacement(strict=True)": ["Replacement() requires modality", "Replacement() requires target"],
    "Replacement('a', 'b')": ["Replacement() requires strict"],
    "Replacement('a', 'b', strict=True, kind='c')": ["Replacement() has no kind"],
    "Replacement('a', 'b', strict=True, number=1)": ["Replacement() has no number"],
    "Replacement('a', 'b', 'c', True)": [
        "Replacement() takes 3 positional arguments, not 4", "Replacement() requires strict"],
    "Named(first=1, second=2)": [],
    "Named(1)": ["Named() takes 0 positional arguments, not 1", "Named() requires first"],
    "Written(1)": [],
    "Written(field=1)": ["Written() has no field", "Written() requires other"],
    "Pair(1, right=2)": [],
    "Pair(1, 2, 3)": ["Pair() takes 2 positional arguments, not 3"],
    "Scheduler(size=2)": [],
    "Scheduler(length=2)": ["Scheduler() has no length"],
    "Method()": [],
    "Method(1)": ["Method() takes 0 positional arguments, not 1"],
    "original = Args.create\noriginal(self, device)": [],
    "original = Args.create\noriginal(self, *rest, **more)": [],
    "Args.create(self, device)": [],
    "Args.create(self)": ["Args.create() requires device"],
    "Args.create()": ["Args.create() requires self", "Args.create() requires device"],
    "Args.create(self, 1, 2)": ["Args.create() takes 2 positional arguments, not 3"],
    "Args().create(device)": [],
    "Args().create(self, device)": ["Args().create() takes 1 positional argument, not 2"],
    "Args.load('p')": [],
    "Args().load('p')": [],
    "Args.load(Args, 'p')": ["Args.load() takes 1 positional argument, not 2"],
    "Args.build('p')": [],
    "Args.build(Args, 'p')": ["Args.build() takes 1 positional argument, not 2"],
    "def f(self, device):\n    return original(self, device)\noriginal = Args.create\nArgs.create = f": [],
}  # fmt: skip


@pytest.mark.parametrize("code", CALLS)
def test_calls_are_held_against_the_signature(plugin, code):
    assert plugin(IMPORTS + code + "\n").breaking() == CALLS[code]


def test_a_class_may_get_an_init_of_its_own(plugin):
    # Not even how it was called may have been known when it was recorded.
    unknown = plugin("from vllm.engine import Linear\nLinear(1)\n")
    bare = VLLM["engine.py"].replace("    def __init__(self, size): super().__init__()", "    pass")
    assert unknown.breaking(unknown.recorded(engine=bare)) == []
    (unknown.package / "__init__.py").unlink()
    unknown.package.rmdir()
    mine = plugin("from vllm.engine import Method\nMethod()\n")
    changed = VLLM["engine.py"].replace(
        "class Method:\n    pass", "class Method:\n    def __init__(self{}): pass"
    )
    report = mine.report(engine=changed.replace("{}", ""))
    assert report.sections["Breaking"] == []
    assert mine.breaking(None, engine=changed.replace("{}", ", size")) == ["Method() requires size"]


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
def test_what_a_subclass_meets_is_told(plugin, name):
    old, new, section, expected = CHANGES[name]
    report = plugin(OVERRIDES).report(None, "2.0", engine=VLLM["engine.py"].replace(old, new))
    assert f"vLLM 2.0: {expected}" in report.sections[section]
    if section == "Behavioral":
        # What calls a method that vLLM does not call any more is not run.
        assert report.sections["Breaking"] == []


def test_what_is_patched_is_missed_when_it_is_gone(plugin):
    mine = plugin("from vllm.engine import Args\nArgs.create = print\n")
    lines = mine.breaking(None, engine=VLLM["engine.py"].replace("def create", "def other"))
    assert lines == ["Args.create is gone, and vLLM will not read what is assigned to it"]


def test_a_symbol_that_stands_elsewhere_is_told(plugin):
    mine = plugin("from vllm.new import rope\n")
    report = mine.report(None, "2.0", new="from .moved import Layer, rope\n", moved=VLLM["new.py"])
    [line] = report.sections["Behavioral"]
    assert "rope() stands in vllm.moved.rope, and stood in vllm.new.rope" in line


def test_names_are_followed_through_the_packages_own_modules(plugin):
    shim = f"try:\n    {OLD}except ImportError:\n    {NEW}"
    for start in ("from .compat", "from plugin.compat"):
        mine = plugin(f"{start} import Layer\nLayer().forward(1, 2)\n", compat=shim)
        assert mine.breaking() == ["Layer().forward() takes 1 positional argument, not 2"]
        for file in [*mine.package.iterdir()]:
            file.unlink()
        mine.package.rmdir()


MODEL = "class {name}({bases}):\n    def forward(self, input_ids, positions): pass\n    def embed_input_ids(self, x): pass\n"
INTERFACES = "class VllmModel:\n    def forward(self, input_ids, positions): ...\n    def embed_input_ids(self, x): ...\n"
INTERFACES += "    def pool(self): ...\nclass VllmModelForPooling(VllmModel): ...\n"
REGISTER = "from vllm.registry import register_model\n"
REGISTRATIONS = {
    "a lazy string": REGISTER + 'register_model("A", "plugin.model:Mine")\n',
    "an f-string": REGISTER + 'register_model("A", f"{__name__}.model:Mine")\n',
    "a keyword": REGISTER + 'register_model("A", model_cls="plugin.model:Mine")\n',
    "a table": REGISTER + 'TABLE = {"A": "plugin.model:Mine"}\nfor a, b in TABLE.items():\n    register_model(a, b)\n',
    "the class": REGISTER + "from .model import Mine\nregister_model('A', Mine)\n",
}  # fmt: skip


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_models_are_those_that_are_registered(plugin, tools, name):
    model = MODEL.format(name="Base", bases="") + "class Mine(Base): pass\n"
    mine = plugin(REGISTRATIONS[name], model=model)
    files = {"registry": "def register_model(name, model_cls): pass\n"}
    interfaces = "model_executor/models/interfaces_base"
    reference = mine.recorded(**files)
    report = mine.report(reference, **files, **{interfaces: INTERFACES})
    assert report.sections["Breaking"] == [
        "vLLM 1.0: VllmModelForPooling requires pool(); missing in model.py:4"
    ]
    assert report.models == ""


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import vllm\n", "this package names no model that it registers"),
        (
            REGISTRATIONS["the class"],
            "of Mine, the source here does not tell all methods",
        ),
    ],
)
def test_that_no_model_is_checked_is_said(plugin, code, reason):
    model = "from other import Base\n" + MODEL.format(name="Mine", bases="Base")
    assert plugin(code, model=model).report().models == reason


def test_the_digest_is_the_same_on_every_python(tools):
    import ast

    code = "class A:\n    'Doc.'\n    def f(self, x=1): return f'{x!r} {x:>{2}}' if x else None\n"
    assert tools["digests"].digest(ast.parse(code)) == "7f42e2e82d43"
