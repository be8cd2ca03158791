"""What the names in vLLM's modules stand for. No need to edit this file."""

import ast
import builtins
import re
from abc import ABC, abstractmethod

import griffe
from outcomes import Unknown, Value
from vllm_modules import Modules, file_of

# Modules that the build makes, so that an sdist lacks them.
BUILT = r"vllm\.(_\w*C(_\w+)?|_version|_rs|\w*_flash_attn|third_party|cumem_allocator|grpc)\b"


class ModuleNames(Modules, ABC):
    """Follows imports and dotted names through vLLM's modules."""

    @abstractmethod
    def member(self, value: Value, name: str) -> Value | Unknown:
        """Return an attribute of a module, of a class or an instance, or of what a name holds."""

    @abstractmethod
    def held(self, value: Value) -> Value | Unknown:
        """Return what an attribute holds; anything else as it is."""

    def member_of_module(
        self, module: griffe.Module, name: str, seen: tuple[str, ...] = ()
    ) -> Value | Unknown:
        here = f"{module.path}.{name}"
        if here in seen:
            return Unknown.UNTOLD
        direct = module.members.get(name)
        if isinstance(direct, griffe.Alias):
            return self.target(direct.target_path, (*seen, here))
        if direct is not None:
            return Value(direct)
        if found := self.module(here):
            return Value(found)
        return self.member_by_star(module, name, (*seen, here))

    def member_by_star(
        self, module: griffe.Module, name: str, seen: tuple[str, ...]
    ) -> Value | Unknown:
        """Return what a module has by ``from … import *``."""
        stars = [
            self.target(f"{each.target_path}.{name}", seen)
            for each in module.members.values()
            if isinstance(each, griffe.Alias) and each.name.endswith("/*")
        ]
        if found_there := [each for each in stars if isinstance(each, Value)]:
            return found_there[0]
        elsewhere = any(each is not Unknown.ABSENT for each in stars)
        may_be = elsewhere or name.startswith("__") or self.is_made_later(module, name)
        return Unknown.OPEN if may_be else Unknown.ABSENT

    def is_made_later(self, module: griffe.Module, name: str) -> bool:
        """Tell whether a module may have a name that is made when asked for, or compiled."""
        file = file_of(module)
        code = "\n".join(self.lines[file])
        lazy = re.search(r"def __getattr__|\bglobals\(\)", code) and re.search(rf"\b{name}\b", code)
        compiled = file.name == "__init__.py" and any(file.parent.glob(f"{name}.*"))
        return bool(lazy or compiled or re.match(BUILT, f"{module.path}.{name}"))

    def target(self, path: str, seen: tuple[str, ...] = ()) -> Value | Unknown:
        """Return what an import gives."""
        first, *names = path.split(".")
        module = self.module(first) if first == "vllm" else None
        value: Value | Unknown = Value(module) if module else Unknown.OUTSIDE
        for name in names:
            if isinstance(value, Unknown):
                return value
            if isinstance(value.found, griffe.Module):
                value = self.member_of_module(value.found, name, seen)
            else:
                value = self.member(value, name)
        return value

    def meant(self, node: ast.expr, scope: griffe.Object) -> Value | str:
        """Return what a dotted name means; a path if that is not vLLM's, "" if it is unknown."""
        if isinstance(node, ast.Subscript):
            node = node.value
        if not re.fullmatch(r"[\w.]+", text := ast.unparse(node)):
            return ""
        first, *rest = text.split(".")
        direct = scope.module.members.get(first)
        if isinstance(direct, griffe.Alias) and direct.target_path.split(".")[0] != "vllm":
            return ".".join([direct.target_path, *rest])
        if direct is None and hasattr(builtins, first):
            return f"builtins.{text}"
        value: Value | Unknown = self.member_of_module(scope.module, first)
        for name in rest:
            value = self.member(value, name) if isinstance(value, Value) else value
        return self.class_held(value) if isinstance(value, Value) else ""

    def class_held(self, value: Value) -> Value | str:
        """Return what a name means: of an attribute, the class that it holds, "" if it is none."""
        if not isinstance(value.found, griffe.Attribute):
            return value
        held = self.held(value)
        return held if isinstance(held, Value) and not held.made else ""
