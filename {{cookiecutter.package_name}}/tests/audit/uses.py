"""What a package uses of vLLM, read from its syntax trees. No need to edit this file.

A use has a *place*, such as ``vllm.config.VllmConfig().model_config.hf_config``: where the name
comes from, ``()`` for what a call or an annotation gives, and the attributes read from there.
"""

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Use(NamedTuple):
    """One use of one symbol of vLLM's: an import, base, call, read, override, or a whole model."""

    place: str
    kind: str
    file: str
    line: int
    positional: int = 0
    # The keywords that a call passes; the arguments that an overriding method requires.
    keywords: tuple[str, ...] = ()
    # Whether a call passes * or **, so that what it lacks cannot be known.
    unpacks: bool = False
    # Of a model: its bases, and its methods with the arguments that they require.
    bases: tuple[str, ...] = ()
    methods: dict[str, tuple[str, ...]] = {}


def uses_of(package: Path) -> list[Use]:
    """Return every use in the files of a package, in their order."""
    architecture = constant_in(package / "about.py", "ARCHITECTURE")
    uses: list[Use] = []
    for file in sorted(package.rglob("*.py")):
        reader = Reader(file.relative_to(package).as_posix(), architecture)
        reader.visit(ast.parse(file.read_text(encoding="utf-8")))
        uses += reader.uses
    return uses


def constant_in(file: Path, name: str) -> str:
    """Return the string that a module assigns to ``name``."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise ValueError(f"{file} has no {name}")


def required_arguments(method: ast.FunctionDef) -> tuple[str, ...]:
    """Return the names of the arguments, but for self, that a caller must give."""
    arguments = [*method.args.posonlyargs, *method.args.args]
    optional = len(method.args.defaults)
    return tuple(a.arg for a in arguments[1 : len(arguments) - optional])


@dataclass
class Reader(ast.NodeVisitor):
    """Collects the uses in one file. What a name stands for is followed through assignments."""

    file: str
    architecture: str
    uses: list[Use] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    bases: list[str] = field(default_factory=list)
    # Of the class that is being read: what is assigned to attributes of self, None if unknown.
    own: dict[str, str | None] = field(default_factory=dict)

    def add(self, place: str | None, kind: str, node: ast.expr | ast.stmt, **more) -> None:
        if place and "." in place:
            self.uses.append(Use(place, kind, self.file, node.lineno, **more))

    def place_of(self, node: ast.AST | None) -> str | None:
        """Return what an expression stands for, None if that is not vLLM's."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                if node.attr in self.own:
                    return self.own[node.attr]
                return f"{self.bases[0]}().{node.attr}" if self.bases else None
            place = self.place_of(node.value)
            return place and f"{place}.{node.attr}"
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "super":
                return f"{self.bases[0]}()" if self.bases else None
            place = self.place_of(node.func)
            return place and f"{place}()"
        if isinstance(node, ast.BinOp):  # Type | None
            return self.place_of(node.left) or self.place_of(node.right)
        return None

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            if name.name.partition(".")[0] == "vllm":
                self.names[name.asname or "vllm"] = name.name if name.asname else "vllm"
                self.add(name.name, "import", node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and (node.module or "").partition(".")[0] == "vllm":
            for name in node.names:
                place = f"{node.module}.{name.name}"
                self.names[name.asname or name.name] = place
                self.add(place, "import", node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outside in [*node.decorator_list, *node.bases]:
            self.visit(outside)
        self.bases = [place for base in node.bases if (place := self.place_of(base))]
        for place in self.bases:
            self.add(place, "base", node)
        methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
        self.own = dict.fromkeys(methods)
        if node.name == self.architecture:
            arguments = {name: required_arguments(method) for name, method in methods.items()}
            more = {"bases": tuple(self.bases), "methods": arguments}
            self.add(f"vllm.{node.name}", "model", node, **more)
        for name, method in methods.items():
            # A property is read and not called: if nobody reads it any more, nothing breaks.
            for place in self.bases if not method.decorator_list else []:
                required = required_arguments(method)
                self.add(f"{place}.{name}", "override", method, keywords=required)
        for each in node.body:
            self.visit(each)
        self.bases, self.own = [], {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outside = dict(self.names)
        for decorator in node.decorator_list:
            self.visit(decorator)
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            self.names.pop(argument.arg, None)
            if place := self.place_of(argument.annotation):
                self.names[argument.arg] = f"{place}()"
        for part in [*node.args.defaults, *node.body]:
            self.visit(part)
        self.names = outside

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        place = self.place_of(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.names.pop(target.id, None)
                if place:
                    self.names[target.id] = place
            elif isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                self.own[target.attr] = self.own.get(target.attr) or place

    def visit_Call(self, node: ast.Call) -> None:
        keywords = tuple(k.arg for k in node.keywords if k.arg)
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        place = self.place_of(node.func)
        # To call a module is to call its forward().
        place = f"{place}.forward" if place and place.endswith("()") else place
        more = {"positional": len(node.args), "keywords": keywords}
        self.add(place, "call", node, unpacks=starred or len(keywords) < len(node.keywords), **more)
        if isinstance(node.func, ast.Attribute):
            self.visit(node.func.value)
        elif not isinstance(node.func, ast.Name):
            self.visit(node.func)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            self.visit(argument)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self.add(self.place_of(node), "read", node)
        if not isinstance(node.value, ast.Attribute):
            self.visit(node.value)
