"""The classes of vLLM: their bases, and the attributes that they have. No need to edit this."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import griffe
import outside
from outcomes import Unknown, Value
from vllm_modules import decorators_of, expression
from vllm_names import ModuleNames


class Ancestry(NamedTuple):
    """A class with all its bases."""

    # Those of vLLM's, nearest first.
    classes: list[griffe.Class]
    # The dotted paths of the others, "" where a base cannot be told.
    others: list[str]


class Classes(ModuleNames):
    """Tells which bases and which attributes a class of vLLM's has."""

    def __init__(self, given: str | None, folder: Path) -> None:
        super().__init__(given, folder)
        self.ancestry = cache(self._ancestry)

    def parents(self, found: griffe.Class) -> list[griffe.Class | str]:
        """Return the bases that a class names: vLLM's own, and the dotted paths of the others."""
        parents: list[griffe.Class | str] = []
        for base in found.bases:
            each = self.meant(expression(base), found)
            if isinstance(each, str):
                parents.append(each)
            elif isinstance(each.found, griffe.Class) and not each.made:
                parents.append(each.found)
            else:
                parents.append("")
        return parents

    def _ancestry(self, found: griffe.Class) -> Ancestry:
        classes: list[griffe.Class] = []
        others: list[str] = []

        def add(found: griffe.Class) -> None:
            classes.append(found)
            for parent in self.parents(found):
                if isinstance(parent, str):
                    others.append(parent)
                elif not any(parent is known for known in classes):
                    add(parent)

        add(found)
        return Ancestry(classes, others)

    def member_of_class(self, found: griffe.Class, name: str) -> Value | Unknown:
        classes, others = self.ancestry(found)
        for each in classes:
            direct = each.members.get(name)
            if isinstance(direct, griffe.Alias):
                return self.target(direct.target_path)
            if direct is not None:
                return Value(direct)
            if name in self.assigned(each):
                return Value(griffe.Attribute(name, parent=each))
        for path in others:
            known = outside.names_of(path)
            if known is None:
                return Unknown.OPEN
            if name in known:
                return Unknown.OUTSIDE
        return Unknown.OPEN if self.may_get(classes, name) else Unknown.ABSENT

    def assigned(self, found: griffe.Class) -> set[str]:
        """Return the attributes of self that a class assigns in its methods."""
        attributes = [n for n in ast.walk(self.node(found)) if isinstance(n, ast.Attribute)]
        stored = [node for node in attributes if isinstance(node.ctx, ast.Store)]
        return {node.attr for node in stored if ast.unparse(node.value) in ("self", "cls")}

    def may_get(self, classes: list[griffe.Class], name: str) -> bool:
        """Tell whether an instance may have an attribute that its class does not show.

        It may be made when asked for, set from outside, or be an attribute of a subclass.
        """
        code = "\n".join(each.source for each in classes)
        dynamic = re.search(r"def __getattr|__dict__|setattr\(self, [^\"']", code)
        if dynamic or name.startswith("__"):
            return True
        other = r"(?<!\bself)" if all(map(self.is_plain, classes)) else ""
        word = re.escape(name)
        given = re.compile(
            rf"{other}\.{word}\s*(:[^=\n]+)?=[^=]"
            rf"|(setattr|register_\w+|add_module|set_\w+_attrs)\([^()]*[\"']{word}[\"']"
        )
        if any(given.search(text) for text in self.texts.values() if name in text):
            return True
        files = {each.file for each in self.subclasses(classes[0].name)}
        return any(re.search(rf"\b{word}\b", self.texts[file]) for file in files)

    def is_plain(self, found: griffe.Class) -> bool:
        """Tell whether no decorator can have given attributes to a class."""
        return not found.decorators or self.is_dataclass(found)

    def is_dataclass(self, found: griffe.Class) -> bool:
        """Tell whether a class is decorated to be a dataclass."""
        for decorator in found.decorators:
            name = str(decorator.value).partition("(")[0]
            if name.split(".")[-1] == "dataclass":
                return True
            meant = self.meant(expression(name), found)
            if isinstance(meant, Value) and isinstance(meant.found, griffe.Function):
                return "dataclass_transform" in decorators_of(meant.found)
        return False
