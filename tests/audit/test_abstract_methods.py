"""The audit names each abstract method of vLLM's that a class of the package lacks."""

from collections.abc import Callable
from typing import Any

import pytest

# In vLLM's shape: a parser that raises, a connector and a config that are abstract, a mixin.
VLLM = {
    "__init__.py": "",
    "parsers.py": """
class Parser:
    def adjust(self, request): return request
    def extract(self, text: str, *, strict: bool = False) -> list[str]:
        "Return the calls."
        raise NotImplementedError("Parser.extract has not been implemented!")
    def count(self): raise NotImplementedError
class Json(Parser):
    def extract(self, text, *, strict=False): return []
class Xml(Parser):
    def extract(self, text, *, strict=False): return []
    def count(self): return 1
""",
    "connectors.py": """
from abc import ABC, abstractmethod
import abc
from torch import nn
class Connector(ABC):
    @abstractmethod
    def load(self, block: int) -> bool: ...
    @property
    @abc.abstractmethod
    def name(self) -> str: raise NotImplementedError
    def close(self): pass
class Loading:
    def load(self, block): return True
class Named(Connector):
    name = "named"
class Loaded(Connector):
    def load(self, block): return True
class Again(Loaded):
    @abstractmethod
    def load(self, block): ...
class Whole(Named, Loading): pass
class Lax(Connector):
    def load(self, block): return True
class Layer(nn.Module):
    @abstractmethod
    def forward(self, x): ...
    @abstractmethod
    def weights(self): ...
""",
    "configs.py": """
from abc import ABC, abstractmethod
class Config(ABC):
    @classmethod
    @abstractmethod
    def from_config(cls, config: dict) -> "Config": ...
    @staticmethod
    @abstractmethod
    def kernel(): ...
class Int(Config):
    @classmethod
    def from_config(cls, config): return cls()
class Float(Config):
    @classmethod
    def from_config(cls, config): return cls()
class Op:
    def native(self): raise NotImplementedError
    def cuda(self): raise NotImplementedError
    def chosen(self): return self.cuda if cuda() else self.native
class Add(Op):
    def native(self): return 1
    def cuda(self): return 1
class Sub(Op):
    def native(self): return 1
    def cuda(self): return 1
""",
}
IMPORTS = """
import abc
from torch import nn
from vllm.configs import Config, Op
from vllm.connectors import Again, Connector, Lax, Layer, Loaded, Loading, Named
from vllm.parsers import Json, Parser
"""
LOAD = "load(block: int) -> bool, which Connector leaves abstract"
NAME = "the property name: str, which Connector leaves abstract"
EXTRACT = "extract(text: str, *, strict: bool = False) -> list[str], which Parser leaves abstract"


Breaking = Callable[..., list[str]]


@pytest.fixture
def breaking(tools, tmp_path) -> Breaking:
    """What breaks, recorded on the small vLLM, on one in which ``old`` is replaced by ``new``."""

    def vllm(name: str, file: str = "", old: str = "", new: str = "") -> Any:
        root = tmp_path / name
        for each, text in VLLM.items():
            (root / "vllm").mkdir(parents=True, exist_ok=True)
            assert each != file or text.count(old) == 1
            (root / "vllm" / each).write_text(text.replace(old, new) if each == file else text)
        (root / "PKG-INFO").write_text(f"Name: vllm\nVersion: {name}\n")
        return tools["vllm_source"].Source(str(root), tmp_path / "unused")

    def found(code: str, *change: str, **files: str) -> list[str]:
        package = tmp_path / "plugin"
        package.mkdir()
        for name, text in (files | {"parts": IMPORTS + code}).items():
            (package / f"{name}.py").write_text(text)
        reference = tools["findings"].record(vllm("1.0"), package)
        report = tools["findings"].audit(vllm("2.0", *change), package, reference)
        return report.sections["Breaking"]

    return found


def line_of(code: str, text: str) -> str:
    lines = (IMPORTS + code).split("\n")
    [number] = [number for number, line in enumerate(lines, 1) if text in line]
    return f"parts.py:{number}"


LACKING = {
    "a method and a property": ("class Mine(Connector): pass", [LOAD, NAME]),
    "a method that a base of the package has": (
        "class Base(Connector):\n    def load(self, block): pass\nclass Mine(Base): pass", [NAME]),
    "a method that a mixin of vLLM's has": ("class Mine(Loading, Connector): pass", [NAME]),
    "a mixin that stands behind": ("class Mine(Connector, Loading): pass", [LOAD, NAME]),
    "a property that another base of vLLM's has": ("class Mine(Named): pass", [LOAD]),
    "a method that was implemented and is abstract again": (
        "class Mine(Again):\n    name = 'mine'", ["load(block), which Again leaves abstract"]),
    "a property that is only annotated": (
        "class Mine(Connector):\n    name: str\n    def load(self, block): pass", [NAME]),
    "a property that only an instance has": (
        "class Mine(Loaded):\n    def __init__(self): self.name = 'mine'", [NAME]),
    "a class method": (
        "class Mine(Config): pass",
        ["from_config(config: dict) -> Config, which Config leaves abstract"]),
    "a method that only raises, and that all of vLLM's own classes have": (
        "class Mine(Parser): pass", [EXTRACT]),
    "a method that a layer of torch's does not have": (
        "class Mine(Layer): pass",
        ["forward(x), which Layer leaves abstract", "weights(), which Layer leaves abstract"]),
    "a class in a function": (
        "def register():\n    class Mine(Parser): pass\n    return Mine", [EXTRACT]),
}  # fmt: skip


@pytest.mark.parametrize("name", LACKING)
def test_an_abstract_method_that_no_class_implements_is_named(breaking, name):
    code, expected = LACKING[name]
    where = line_of(code, "class Mine")
    assert breaking(code) == [
        f"vLLM 2.0: Mine lacks {each}; define it in {where}" for each in expected
    ]


FINE = {
    "all in the class": "class Mine(Connector):\n    name = 'mine'\n    def load(self, block): pass",
    "in a base of the package, which lacks a part itself": "class Base(Connector):\n"
    "    def load(self, block): pass\nclass Mine(Base):\n    name = 'mine'",
    "in a mixin of the package": "class Both:\n    name = 'mine'\n    def load(self, block): pass\n"
    "class Mine(Both, Connector): pass",
    "in a mixin of vLLM's": "class Mine(Loading, Named): pass",
    "in a base that Python looks at first": "class Mine(Named, Loaded): pass",
    "in one branch": "class Mine(Named):\n    if print:\n        def load(self, block): pass\n"
    "    else:\n        load = None",
    "by an alias": "class Mine(Named):\n    load = print",
    "given from outside": "class Mine(Named): pass\nMine.load = print",
    "in a layer of torch's, which stands before": "class Mine(nn.Module, Layer):\n"
    "    def weights(self): pass",
    "in a base that is not known": "from other import Other\nclass Mine(Other, Connector): pass",
    "the class is abstract itself": "class Mine(Connector, abc.ABC): pass",
    "the class leaves more abstract": "class Mine(Connector):\n    @abc.abstractmethod\n"
    "    def more(self): pass",
    "a method that only raises, and that some of vLLM's own classes lack":
        "class Mine(Parser):\n    def extract(self, text, *, strict=False): pass",
    "a static method that vLLM's own classes lack":
        "class Mine(Config):\n    @classmethod\n    def from_config(cls, config): pass",
    "methods among which the class of vLLM's chooses": "class Mine(Op):\n    def native(self): pass",
    "what a class of vLLM's that is in use lacks itself": "class Mine(Lax): pass",
    "the class only stands in where vLLM lacks the base":
        "try:\n    from vllm.older import Older\n    class Mine(Older): pass\n"
        "except ImportError:\n    Mine = None",
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_what_is_implemented_or_may_be_is_no_finding(breaking, name):
    assert breaking(FINE[name]) == []


def test_the_base_of_a_class_is_followed_into_another_file(breaking):
    base = IMPORTS + "class Base(Connector):\n    def load(self, block): pass\n"
    code = "from .base import Base\nclass Mine(Base): pass"
    where = line_of(code, "class Mine")
    assert breaking(code, base=base) == [f"vLLM 2.0: Mine lacks {NAME}; define it in {where}"]


COMPLETE = """
class Reader(Parser):
    def extract(self, text, *, strict=False): pass
class Disk(Named):
    def load(self, block): pass
"""
RELEASES = {
    "an abstract method": (
        ("connectors.py", "    def close(self): pass", "    @abstractmethod\n"
         "    def close(self, wait: float = 1.0) -> None: ..."),
        "Disk", "close(wait: float = 1.0) -> None, which Connector leaves abstract"),
    "an abstract property": (
        ("connectors.py", "    def close(self): pass", "    @property\n    @abstractmethod\n"
         "    def size(self) -> int: ..."),
        "Disk", "the property size: int, which Connector leaves abstract"),
    "a method that only raises": (
        ("parsers.py", "class Json(Parser):", "    def start(self, token: str): raise NotImplementedError()\n"
         "class A(Parser):\n    def start(self, token): pass\nclass B(A): pass\n"
         "class C(A): pass\nclass D(A): pass\nclass Json(A):"),
        "Reader", "start(token: str), which Parser leaves abstract"),
    "a method that only raises, and that all of vLLM's own classes have now": (
        ("parsers.py", "    def count(self): raise NotImplementedError\nclass Json(Parser):",
         "    def count(self): raise NotImplementedError\nclass Json(Parser):\n"
         "    def count(self): return 2"),
        "Reader", "count(), which Parser leaves abstract"),
}  # fmt: skip


@pytest.mark.parametrize("name", RELEASES)
def test_what_the_next_release_leaves_abstract_is_named(breaking, name):
    change, own, expected = RELEASES[name]
    where = line_of(COMPLETE, f"class {own}")
    lines = breaking(COMPLETE, *change)
    assert f"vLLM 2.0: {own} lacks {expected}; define it in {where}" in lines


def test_a_release_that_leaves_nothing_more_abstract_is_no_finding(breaking):
    assert breaking(COMPLETE) == []


def test_bases_that_contradict_each_other_are_left_to_python(breaking):
    assert breaking("class Mine(Connector, Loaded): pass") == []


def test_the_order_of_bases_is_pythons(tools):
    """On a diamond, on a mixin, and on bases that only agree in one order."""
    uses, hierarchy = tools["uses"], tools["hierarchy"]
    named: dict[str, tuple[Any, type]] = {}
    diagram = {"A": "", "B": "A", "C": "A", "D": "", "E": "BC", "F": "DE", "G": "CD", "H": "FG"}
    for name, bases in diagram.items():
        own = uses.OwnClass(name, "", 0, tuple(named[base][0] for base in bases))
        try:
            real = type(name, tuple(named[base][1] for base in bases), {})
        except TypeError:
            with pytest.raises(ValueError, match="contradict"):
                hierarchy.order_of(None, own)
            continue
        named[name] = own, real
        order = [each.name for each in hierarchy.order_of(None, own)]
        assert order == [each.__name__ for each in real.__mro__[:-1]]
    assert {"E", "F", "G"} <= set(named)
    assert "H" not in named
