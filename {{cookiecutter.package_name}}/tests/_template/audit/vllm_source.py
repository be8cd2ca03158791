"""vLLM's source, read by griffe: what stands at a place, and how it looks. No need to edit this.

Nothing of vLLM is imported. A place is as in uses.py.
"""

import ast
import builtins
import hashlib
import re
import sys
from collections.abc import Iterator
from enum import Enum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import griffe
import outside
import signatures
from vllm_files import UnknownSource, find

# What a plugin shares with vLLM, and so must get along with.
SHARED = ("torch", "transformers")
# Modules that the build makes, so that an sdist lacks them.
BUILT = r"vllm\.(_\w*C(_\w+)?|_version|_rs|\w*_flash_attn|third_party|cumem_allocator|grpc)\b"
# An annotation that stands for what it holds first.
WRAPPERS = ("Optional", "Annotated", "Final", "ClassVar", "InitVar", "SkipValidation", "InstanceOf")


class Unknown(Enum):
    """Why nothing is found at a place."""

    # What should hold it is known, and has no such thing.
    ABSENT = 1
    # What should hold it is known, and may be given it while vLLM runs.
    OPEN = 2
    # It is not vLLM's: torch's, HF's, Python's.
    OUTSIDE = 3
    # What holds it cannot be told from the source.
    UNTOLD = 4


class Value(NamedTuple):
    """Something in vLLM's source, or, if ``made``, an instance of the class that it is."""

    found: griffe.Object
    made: bool = False


class Outcome(NamedTuple):
    """What stands at a place, or why nothing does, and the part of the place that was followed."""

    value: Value | Unknown
    reached: str
    # What was followed, and the step that could not be.
    stopped: str = ""
    # What a method is taken from: a class, which does not bind it, or an instance.
    holder: Value | Unknown = Unknown.OUTSIDE


class Source:
    """The source of one vLLM release."""

    def __init__(self, given: str | None, folder: Path) -> None:
        """Read ``given``, or the installed vLLM; unpack it into ``folder`` where need be."""
        self.root, metadata = find(given, folder)
        version = metadata["Version"] if metadata else None
        self.version = (version or "of unknown version").partition("+")[0]
        # None if unknown.
        self.requires = requirements(metadata) if metadata else None
        self.lines = griffe.LinesCollection()
        self.module = cache(self._module)
        self.resolve = cache(self._resolve)
        self.nodes = cache(self._nodes)
        self.ancestry = cache(self._ancestry)

    def _module(self, name: str) -> griffe.Module | None:
        path = self.root.joinpath(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not file.exists() and not any(path.rglob("*.py")):
            return None
        package, _, last = name.rpartition(".")
        # Relative imports are followed from the package that a module is in.
        parent = self.module(package) if package else None
        code = self.text(file) if file.exists() else ""
        # What griffe takes the source of a symbol from.
        self.lines[file] = code.splitlines()
        try:
            return griffe.visit(
                last, filepath=file, code=code, parent=parent, lines_collection=self.lines
            )
        except SyntaxError as error:
            python = ".".join(map(str, sys.version_info[:2]))
            raise UnknownSource(
                f"{file} is not valid for Python {python} ({error.msg}): use a newer Python"
            ) from error

    def text(self, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise UnknownSource(f"{file} cannot be read: {error}") from error

    @cached_property
    def texts(self) -> dict[Path, str]:
        """The text of every file of vLLM's."""
        return {file: self.text(file) for file in sorted(self.root.glob("vllm/**/*.py"))}

    # What stands at a place.

    def has(self, place: str) -> bool | None:
        """Tell whether there is something at a place; None if that cannot be told."""
        value = self.resolve(place).value
        if isinstance(value, Unknown):
            return False if value is Unknown.ABSENT else None
        return True

    def _resolve(self, place: str) -> Outcome:
        first, *steps = re.findall(r"\(\)|\[\]|\w+", place)
        module = self.module(first) if first == "vllm" else None
        if module is None:
            return Outcome(Unknown.OUTSIDE, first)
        value, reached = Value(module), first
        holder: Value | Unknown = Unknown.OUTSIDE
        for step in steps:
            whole = reached + step if step in ("()", "[]") else f"{reached}.{step}"
            holder, following = self.held(value), self.step(value, step)
            if following is Unknown.ABSENT and self.is_read_itself(whole):
                following = Unknown.OPEN
            if isinstance(following, Unknown):
                return Outcome(following, reached, whole, holder)
            value, reached = following, whole
        return Outcome(value, reached, "", holder)

    def is_read_itself(self, stopped: str) -> bool:
        """Tell whether vLLM's own code reads the same attribute from what it calls the same."""
        if "()" not in stopped:
            return False
        holder, name = re.findall(r"\w+(?:\(\))?", stopped)[-2:]
        if holder[0].isupper():
            holder = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", holder.removesuffix("()")).lower()
        pattern = re.compile(rf"\b{re.escape(holder)}\.{name}\b")
        return any(pattern.search(text) for text in self.texts.values() if name in text)

    def at(self, place: str) -> griffe.Object | None:
        """Return the griffe object at a place, None if there is none or it cannot be told."""
        value = self.resolve(place).value
        return None if isinstance(value, Unknown) else value.found

    def step(self, value: Value, step: str) -> Value | Unknown:
        """Return what a call, an index or a name gives."""
        if step == "()":
            return self.called(value)
        if step == "[]":
            generic = isinstance(value.found, griffe.Class) and not value.made
            return value if generic else Unknown.UNTOLD
        return self.member(value, step)

    def member(self, value: Value, name: str) -> Value | Unknown:
        """Return an attribute of a module, of a class or an instance, or of what a name holds."""
        if isinstance(value.found, griffe.Module):
            return self.member_of_module(value.found, name)
        held = self.held(value)
        if isinstance(held, Value) and isinstance(held.found, griffe.Class):
            return self.member_of_class(held.found, name)
        return held if isinstance(held, Unknown) else Unknown.UNTOLD

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
        stars = [
            self.target(f"{each.target_path}.{name}", (*seen, here))
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
        files = self.files_of_subclasses(classes[0].name)
        return any(re.search(rf"\b{word}\b", self.texts[file]) for file in files)

    def is_plain(self, found: griffe.Class) -> bool:
        """Tell whether no decorator can have given attributes to a class."""
        return not found.decorators or self.is_dataclass(found)

    def files_of_subclasses(self, name: str) -> set[Path]:
        """Return the files with a class that is derived from one of this name."""
        names, size = {name}, 0
        while len(names) > size:
            size = len(names)
            names |= {each for each, bases, _ in self.classes if names & bases}
        return {file for each, _, file in self.classes if each in names and each != name}

    @cached_property
    def classes(self) -> list[tuple[str, set[str], Path]]:
        """Every class of vLLM's: its bare name, the bare names in its list of bases, its file."""
        pattern = re.compile(r"^[ \t]*class (\w+)\s*\(([^)]*)\)", re.MULTILINE)
        return [
            (name, set(re.findall(r"\w+", bases)), file)
            for file, text in self.texts.items()
            for name, bases in pattern.findall(text)
        ]

    def _ancestry(self, found: griffe.Class) -> tuple[list[griffe.Class], list[str]]:
        """Return a class and its bases, nearest first, and the paths of those that are not vLLM's.

        A path is "" where a base cannot be told.
        """
        classes: list[griffe.Class] = []
        others: list[str] = []

        def add(found: griffe.Class) -> None:
            classes.append(found)
            for base in found.bases:
                each = self.meant(expression(base), found)
                if isinstance(each, str):
                    others.append(each)
                elif not isinstance(each.found, griffe.Class) or each.made:
                    others.append("")
                elif not any(each.found is known for known in classes):
                    add(each.found)

        add(found)
        return classes, others

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
        if isinstance(value, Value) and isinstance(value.found, griffe.Attribute):
            held = self.held(value)
            return held if isinstance(held, Value) and not held.made else ""
        return value if isinstance(value, Value) else ""

    def called(self, value: Value) -> Value | Unknown:
        """Return what a call gives."""
        found = value.found
        if isinstance(found, griffe.Function):
            return self.returned(found)
        held = self.held(value)
        if isinstance(held, Unknown) or not isinstance(held.found, griffe.Class):
            return held if isinstance(held, Unknown) else Unknown.UNTOLD
        if not held.made:
            return Value(held.found, made=True)
        for name in ("__call__", "forward"):
            method = self.member_of_class(held.found, name)
            if isinstance(method, Value) and isinstance(method.found, griffe.Function):
                return self.returned(method.found)
        return Unknown.UNTOLD

    def returned(self, function: griffe.Function) -> Value | Unknown:
        """Return what a function gives, by its annotation."""
        if "async" in function.labels or function.returns is None:
            return Unknown.UNTOLD
        if any("contextmanager" in str(each.value) for each in function.decorators):
            return Unknown.OUTSIDE
        return self.type_in(str(function.returns), function)

    def held(self, value: Value) -> Value | Unknown:
        """Return what an attribute holds; anything else as it is."""
        found = value.found
        if not isinstance(found, griffe.Attribute):
            return value
        if found.annotation is not None and "TypeAlias" not in str(found.annotation):
            return self.type_in(str(found.annotation), found)
        owner = found.parent
        if isinstance(owner, griffe.Class) and any(
            path.startswith("enum.") for path in self.ancestry(owner)[1]
        ):
            # A member of an enumeration.
            return Value(owner, made=True)
        if found.value is None or owner is None:
            return Unknown.UNTOLD
        node = expression(found.value)
        if isinstance(node, ast.Call):
            meant = self.meant(node.func, found)
            return self.called(meant) if isinstance(meant, Value) else Unknown.UNTOLD
        # A second name of a class.
        second = owner.is_module and isinstance(node, ast.Name | ast.Attribute)
        meant = self.meant(node, found) if second else ""
        return meant if isinstance(meant, Value) else Unknown.UNTOLD

    def type_in(self, text: str, scope: griffe.Object) -> Value | Unknown:
        """Return an instance of the class that an annotation names."""
        node = expression(text.strip())
        # Nothing that can be told: what is left of text that is no expression.
        return Unknown.UNTOLD if isinstance(node, ast.Tuple) else self.instance(node, scope)

    def instance(self, node: ast.expr, scope: griffe.Object) -> Value | Unknown:
        if isinstance(node, ast.Constant):
            text = node.value if isinstance(node.value, str) else ""
            return self.type_in(text, scope) if text else Unknown.OUTSIDE
        name = ast.unparse(node.value if isinstance(node, ast.Subscript) else node).split(".")[-1]
        if isinstance(node, ast.BinOp):
            return self.one_of([node.left, node.right], scope)
        if isinstance(node, ast.Subscript) and name in ("Union", "type", "Type", *WRAPPERS):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if name == "Union":
                return self.one_of(inner, scope)
            held = self.instance(inner[0], scope)
            is_class = name in ("type", "Type") and isinstance(held, Value)
            return Value(held.found) if is_class and isinstance(held, Value) else held
        if name in ("Any", "object"):
            return Unknown.UNTOLD
        if name == "Self":
            owner = scope.parent
            return Value(owner, made=True) if isinstance(owner, griffe.Class) else Unknown.UNTOLD
        return self.instance_of(self.meant(node, scope))

    def instance_of(self, meant: Value | str) -> Value | Unknown:
        if isinstance(meant, str):
            return Unknown.OUTSIDE if meant else Unknown.UNTOLD
        is_class = isinstance(meant.found, griffe.Class) and not meant.made
        return Value(meant.found, made=True) if is_class else Unknown.UNTOLD

    def one_of(self, nodes: list[ast.expr], scope: griffe.Object) -> Value | Unknown:
        """Return the one type of a union, None left out; several cannot be followed."""
        parts = [node for node in nodes if ast.unparse(node) != "None"]
        types = [self.instance(node, scope) for node in parts]
        return types[0] if all(each == types[0] for each in types) else Unknown.UNTOLD

    # How it looks.

    def name_of(self, place: str) -> str:
        """Return a place in the words of a report, with "()" if it can be called."""
        found = self.at(place)
        if isinstance(found, griffe.Module):
            return place
        names = place.split(".")
        # From the first class or call on: what comes before are modules, and instances.
        start = next(
            (n for n, name in enumerate(names) if not name[:1].islower() or "()" in name), -1
        )
        short = ".".join(names[start:])
        called = isinstance(found, griffe.Class | griffe.Function)
        return f"{short}()" if called and not short.endswith("()") else short

    def describe(self, place: str) -> dict | None:
        """Return how the symbol at a place looks, None if there is none."""
        found = self.at(place)
        if found is None:
            return None
        looks: dict = {"at": found.path}
        if isinstance(found, griffe.Class):
            looks["bases"] = [signatures.text_of(base) for base in found.bases]
        if isinstance(found, griffe.Function):
            looks["returns"] = signatures.text_of(found.returns)
        if isinstance(found, griffe.Class | griffe.Function):
            looks["parameters"] = self.parameters(found)
            looks["digest"] = digest(self.node(found))
        elif isinstance(found, griffe.Attribute):
            value = found.annotation or found.value
            looks["value"] = signatures.text_of(value)[:200]
            looks["digest"] = digest(expression(value))
        return looks

    def parameters(self, found: griffe.Class | griffe.Function) -> list[str] | None:
        """Return what a function or class is called with, without self; None if unknown."""
        if isinstance(found, griffe.Class):
            return self.parameters_of_class(found)
        texts = signatures.of_function(found)
        if any(str(each.value).endswith(("jit", "property")) for each in found.decorators):
            return None
        in_class = found.parent is not None and found.parent.is_class
        return texts[1:] if in_class and not is_static(found) else texts

    def parameters_of_class(self, found: griffe.Class) -> list[str] | None:
        classes, others = self.ancestry(found)
        for number, each in enumerate(classes):
            own = each.members.get("__init__")
            if isinstance(own, griffe.Function):
                return self.parameters(own)
            if self.is_dataclass(each) and "init=False" not in decorators_of(each):
                bases = [base for base in classes[number:] if self.is_dataclass(base)]
                return signatures.of_dataclass([self.node(base) for base in bases])
            if any(str(base).endswith("NamedTuple") for base in each.bases):
                return signatures.of_dataclass([self.node(each)])
            if "__new__" in each.members:
                return None
        plain = all(path.startswith(("abc.", "typing.", "builtins.object")) for path in others)
        return [] if plain else None

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

    def is_unbound(self, place: str) -> bool:
        """Tell whether a place is a method that is taken from its class, and so not bound."""
        outcome = self.resolve(place)
        if isinstance(outcome.value, Unknown) or not isinstance(outcome.holder, Value):
            return False
        found, holder = outcome.value.found, outcome.holder
        method = isinstance(found, griffe.Function) and not is_static(found)
        class_itself = isinstance(holder.found, griffe.Class) and not holder.made
        return method and class_itself and "classmethod" not in decorators_of(found)

    def is_of_class(self, outcome: Outcome) -> bool:
        """Tell whether a class should have held what was not found, and not Python itself."""
        holder, name = outcome.holder, outcome.stopped.rpartition(".")[2]
        in_class = isinstance(holder, Value) and isinstance(holder.found, griffe.Class)
        return in_class and not name.startswith("__")

    def extends(self, method: str, holder: Value) -> bool:
        """Tell whether the class of a method is, or is derived from, what holds something."""
        value = self.resolve(method.rpartition(".")[0]).value
        if isinstance(value, Unknown) or not isinstance(value.found, griffe.Class):
            return False
        return any(each is holder.found for each in self.ancestry(value.found)[0])

    def is_protocol(self, place: str) -> bool:
        """Tell whether what stands at a place is a part of a protocol."""
        found = self.at(place)
        owner = found.parent if found else None
        bases = owner.bases if isinstance(owner, griffe.Class) else []
        return any(re.search(r"\bProtocol\b", str(base)) for base in bases)

    def _nodes(self, file: Path) -> dict[tuple[str, int], Any]:
        """Return the syntax tree of every class and function of a file, by name and first line."""
        found: dict[tuple[str, int], Any] = {}
        for node in ast.walk(ast.parse("\n".join(self.lines[file]))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                for line in [node.lineno, *(each.lineno for each in node.decorator_list)]:
                    found[node.name, line] = node
        return found

    def node(self, found: griffe.Object) -> Any:
        """Return the syntax tree of a class or function."""
        return self.nodes(file_of(found))[found.name, found.lineno or 0]

    def methods(self, path: str) -> dict[str, tuple[str, ...]]:
        """Return what a protocol leaves to be written: methods, with the names of their arguments.

        One with a body is a default, which vLLM does without.
        """
        methods: dict[str, tuple[str, ...]] = {}
        value = self.resolve(path).value
        if isinstance(value, Unknown) or not isinstance(value.found, griffe.Class):
            return methods
        for found in self.ancestry(value.found)[0]:
            for name, each in found.members.items():
                if isinstance(each, griffe.Function) and is_left_open(self.node(each)):
                    names = [parameter.name for parameter in each.parameters][1:]
                    methods.setdefault(name, tuple(names))
        return methods

    def search(self, name: str) -> list[str]:
        """Return where modules define a class, a function or a constant of this name."""
        pattern = re.compile(
            rf"^((class|def|async def) {re.escape(name)}\b|{re.escape(name)}\s*[:=])", re.MULTILINE
        )
        found = [file for file, text in self.texts.items() if pattern.search(text)]
        modules = [file.relative_to(self.root).with_suffix("") for file in found]
        return [
            ".".join(part for part in m.parts if part != "__init__") + f".{name}" for m in modules
        ]


def requirements(metadata) -> dict[str, str]:
    """Return which Python, and which of what it shares with plugins, a distribution requires."""
    requires = {"Python": metadata["Requires-Python"] or "any"}
    for text in metadata.get_all("Requires-Dist") or []:
        name = re.split(r"[^\w.-]", text)[0]
        if name in SHARED and "extra" not in text:
            specifier = text.removeprefix(name).partition(";")[0]
            requires[name] = specifier.strip() or "any"
    return requires


def expression(text: object) -> ast.expr:
    """Return the syntax tree of an expression, an empty tuple if the text is none."""
    try:
        return ast.parse(str(text), mode="eval").body
    except SyntaxError:
        return ast.Tuple(elts=[], ctx=ast.Load())


def file_of(found: griffe.Object) -> Path:
    """Return the file that a symbol stands in."""
    assert isinstance(found.filepath, Path)
    return found.filepath


def decorators_of(found: griffe.Class | griffe.Function | griffe.Object) -> str:
    decorators: Iterator = iter(getattr(found, "decorators", []))
    return " ".join(str(each.value) for each in decorators)


def is_static(function: griffe.Function | griffe.Object) -> bool:
    return "staticmethod" in decorators_of(function)


def is_left_open(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a function has no body but a docstring, ``...`` or ``pass``."""
    return all(
        isinstance(line, ast.Pass)
        or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
        for line in function.body
    )


def digest(tree: ast.AST) -> str:
    """Return a digest of what code does: not of its comments, docstrings or layout."""
    return hashlib.sha256(repr(shape(tree)).encode()).hexdigest()[:12]


def shape(node: Any) -> Any:
    """Return a syntax tree as plain values, the same on every Python.

    What is empty is left out: ast.dump() shows it or not, and newer Pythons have more fields.
    Python 3.12 adds an empty string to the format of an f-string.
    """
    if isinstance(node, list):
        return [shape(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    fields = {name: value for name, value in ast.iter_fields(node) if value not in (None, [])}
    if isinstance(node, ast.JoinedStr):
        fields["values"] = [each for each in node.values if getattr(each, "value", None) != ""]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        documented = ast.get_docstring(node) is not None
        fields["body"] = node.body[1:] if documented else node.body
    return type(node).__name__, [(name, shape(value)) for name, value in fields.items()]
