"""A vLLM and a plugin as the audit's modules read them, in this process."""

from pathlib import Path
from typing import Any

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


# Import of what vLLM 1.0 has in a new place, guarded against one that has it in the old.
OLD, NEW = "from vllm.old import Layer\n", "from vllm.new import Layer\n"

IMPORTS = "from vllm.config import *\nfrom vllm.engine import *\nfrom torch import nn\n".replace(
    "config import *", "config import Config, Named, Pair, Replacement, Scheduler, Stage, Written"
).replace(
    "engine import *", "engine import Args, Dynamic, Linear, Method, Parent, get_group, get_later"
)  # fmt: skip
