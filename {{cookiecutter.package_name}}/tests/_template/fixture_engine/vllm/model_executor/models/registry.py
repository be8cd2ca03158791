"""Stands for ``vllm.model_executor.models.registry``: from an architecture to its model class.

The front end must know what a model can do, but must not import it, which might initialise
CUDA. So it asks a subprocess, which runs this module and loads the plugins first.
Leaves out most architectures and flags, transformers' models, and the check for nn.Module."""

import contextlib
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache, partialmethod
from pathlib import Path
from types import SimpleNamespace as _ModelInfo

from vllm._lacking import lack, lacking_in, unnoted
from vllm.logger import init_logger
from vllm.plugins import load_general_plugins

__getattr__ = lacking_in(__name__)
logger = init_logger(__name__)


@dataclass(frozen=True)
class _RegisteredModel:
    model_cls: type

    def inspect_model_cls(self) -> _ModelInfo:
        cls = self.model_cls
        return _ModelInfo(architecture=cls.__name__, supports_pp=getattr(cls, "supports_pp", False))

    def load_model_cls(self) -> type:
        return self.model_cls


@dataclass(frozen=True)
class _LazyRegisteredModel:
    module_name: str
    class_name: str

    def inspect_model_cls(self) -> _ModelInfo:
        root = Path(os.environ.get("VLLM_CACHE_ROOT", "~/.cache/vllm")).expanduser()
        name = f"{self.module_name}-{self.class_name}".replace(".", "-")
        cache, source_hash = root / "modelinfos" / f"{name}.json", self._hash_source()
        with contextlib.suppress(OSError, ValueError, KeyError):
            cached = json.loads(cache.read_text())
            if cached["hash"] == source_hash is not None:
                return _ModelInfo(**cached["modelinfo"])
        # The answer comes in a file: what a plugin prints would spoil it on standard output.
        with tempfile.NamedTemporaryFile() as answer:
            asked = json.dumps([self.module_name, self.class_name, answer.name])
            command = [sys.executable, "-m", "vllm.model_executor.models.registry"]
            done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=60)
            if done.returncode:
                raise RuntimeError(f"Error raised in subprocess:\n{done.stderr}")
            info = json.load(answer)
        with contextlib.suppress(OSError):
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps({"hash": source_hash, "modelinfo": info}))
        return _ModelInfo(**info)

    def load_model_cls(self) -> type:
        with unnoted():
            return getattr(importlib.import_module(self.module_name), self.class_name)

    def _hash_source(self) -> str | None:
        # Of the class's own file: an edited base class in a file beside it goes unnoticed.
        try:
            with unnoted():
                file = Path(importlib.util.find_spec(self.module_name).origin)
        except (AttributeError, ImportError, TypeError):
            return None  # The subprocess will say what is missing.
        files = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
        return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@lru_cache(maxsize=128)  # Failures too: a process does not try the same model twice.
def _try(doing: str, architecture: str, model: _RegisteredModel | _LazyRegisteredModel):
    try:
        return model.load_model_cls() if doing == "loading" else model.inspect_model_cls()
    except Exception:
        logger.exception("Error in %s model architecture '%s'", doing, architecture)


class _ModelRegistry:
    def __init__(self) -> None:
        self.models: dict[str, _RegisteredModel | _LazyRegisteredModel] = {}

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        raise lack(f"vllm.ModelRegistry.{name}")

    def get_supported_archs(self):
        return self.models.keys()  # A view: it follows later registrations.

    def register_model(self, model_arch: str, model_cls: type | str) -> None:
        """Register a class, or "module:Class" to import it only where it is used.
        TypeError for other types, ValueError for a string without exactly one colon."""
        if not isinstance(model_arch, str):
            raise TypeError(f"`model_arch` should be a string, not a {type(model_arch)}")
        if model_arch in self.models:
            fate = "is already registered, and will be overwritten by the new model class"
            logger.debug("Model architecture %s %s %s.", model_arch, fate, model_cls)
        if isinstance(model_cls, str):
            if model_cls.count(":") != 1:
                raise ValueError("Expected a string in the format `<module>:<class>`")
            self.models[model_arch] = _LazyRegisteredModel(*model_cls.split(":"))
        elif isinstance(model_cls, type):
            self.models[model_arch] = _RegisteredModel(model_cls)
        else:
            wanted = "`model_cls` should be a string or PyTorch model class"
            raise TypeError(f"{wanted}, not a {type(model_cls)}")

    def _first(self, doing: str, architectures: str | list[str], model_config=None):
        """The flags or the class of the first architecture that has them, and its name."""
        names = [architectures] if isinstance(architectures, str) else architectures
        for name in names:
            if name in self.models and (found := _try(doing, name, self.models[name])):
                return found, name
        problem = f"are not supported for now. Supported architectures: {self.models.keys()}"
        if any(name in self.models for name in names):
            problem = "failed to be inspected. Please check the logs for more details."
        raise ValueError(f"Model architectures {names} {problem}")

    inspect_model_cls = partialmethod(_first, "inspecting")
    resolve_model_cls = partialmethod(_first, "loading")


ModelRegistry = _ModelRegistry()
for _name in ("Llama", "Mistral", "Qwen3"):
    _model = f"vllm.model_executor.models.{_name.lower()}:{_name}ForCausalLM"
    ModelRegistry.register_model(f"{_name}ForCausalLM", _model)

if __name__ == "__main__":
    load_general_plugins()
    *lazy, answer = json.load(sys.stdin)
    model = _RegisteredModel(_LazyRegisteredModel(*lazy).load_model_cls())
    Path(answer).write_text(json.dumps(vars(model.inspect_model_cls())))
