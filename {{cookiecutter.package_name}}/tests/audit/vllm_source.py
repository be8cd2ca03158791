"""vLLM's source, read by griffe: what stands at a place, and how it looks. No need to edit this.

It may be installed, or a wheel or an sdist that was merely downloaded. Nothing of it is imported.
"""

import ast
import hashlib
import importlib.metadata
import importlib.util
import re
import tarfile
import textwrap
import zipfile
from email.parser import HeaderParser
from functools import cache
from pathlib import Path

import griffe

# What a plugin shares with vLLM, and so must get along with.
SHARED = ("torch", "transformers")


class UnknownSource(Exception):
    """There is no vLLM in what was given."""


class Source:
    """The source of one vLLM release."""

    def __init__(self, given: str | None, folder: Path) -> None:
        """Read ``given``, or the installed vLLM; unpack it into ``folder`` where need be."""
        self.root, metadata = find(given, folder)
        self.version = (metadata["Version"] or "of unknown version").partition("+")[0]
        self.requires = {"Python": metadata["Requires-Python"] or "any"}
        for text in metadata.get_all("Requires-Dist") or []:
            name = re.split(r"[^\w.-]", text)[0]
            if name in SHARED and "extra" not in text:
                specifier = text.removeprefix(name).partition(";")[0]
                self.requires[name] = specifier.strip() or "any"
        self.lines = griffe.LinesCollection()
        self.module = cache(self._module)

    def _module(self, name: str) -> griffe.Module | None:
        path = self.root.joinpath(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not file.exists():
            return None
        package, _, last = name.rpartition(".")
        # Relative imports are followed from the package that a module is in.
        parent = self.module(package) if package else None
        code = file.read_text(encoding="utf-8")
        # What griffe takes the source of a symbol from.
        self.lines[file] = code.splitlines()
        return griffe.visit(
            last, filepath=file, code=code, parent=parent, lines_collection=self.lines
        )

    def lookup(self, path: str, seen: tuple[str, ...] = ()):
        """Return the griffe object with a dotted path, following imports; None if there is none."""
        names = path.split(".")
        if names[0] != "vllm" or path in seen:
            return None
        length = len(names)
        while length and self.module(".".join(names[:length])) is None:
            length -= 1
        found = self.module(".".join(names[:length])) if length else None
        for name in names[length:]:
            found = self.member(found, name, (*seen, path))
        return found

    def member(self, found, name: str, seen: tuple[str, ...] = ()):
        """Return an attribute of a module, of a class and its bases, or of what a value is."""
        if isinstance(found, griffe.Module):
            direct = found.members.get(name)
            if isinstance(direct, griffe.Alias):
                return self.lookup(direct.target_path, seen)
            if direct is not None:
                return direct
            # A submodule; or by an import of all that another module has.
            places = [f"{found.path}.{name}"] if self.module(f"{found.path}.{name}") else []
            for each in found.members.values():
                if isinstance(each, griffe.Alias) and each.name.endswith("/*"):
                    places.append(f"{each.target_path}.{name}")
            return next(filter(None, (self.lookup(place, seen) for place in places)), None)
        if isinstance(found, griffe.Class):
            if name in found.members:
                return found.members[name]
            bases = (self.named(found, str(base)) for base in found.bases)
            inherited = (self.member(base, name, seen) for base in bases)
            # griffe knows what __init__() assigns, and not what other methods do.
            assigned = re.search(rf"\bself\.{re.escape(name)}\b *[:=]", found.source)
            alone = griffe.Attribute(name, parent=found) if assigned else None
            return next(filter(None, inherited), alone)
        if isinstance(found, griffe.Attribute):
            return self.member(self.type_of(found), name, seen)
        return None

    def named(self, where, text: str):
        """Return the class that an expression names first, as seen from where it stands."""
        for name in re.findall(r"[A-Za-z_][\w.]*", text):
            first, *rest = name.split(".")
            found = self.member(where.module, first)
            for each in rest:
                found = self.member(found, each)
            if isinstance(found, griffe.Class):
                return found
        return None

    def type_of(self, found):
        """Return the class of what an attribute holds, of what a call gives, or None."""
        if isinstance(found, griffe.Function):
            return self.named(found, str(found.returns))
        if isinstance(found, griffe.Attribute):
            value = str(found.value).partition("(")[0]
            return self.named(found, str(found.annotation)) or self.named(found, value)
        return found

    def at(self, place: str):
        """Return the griffe object at a place; see uses.py."""
        first, *others = place.split("()")
        found = self.lookup(first)
        for attributes in others:
            found = self.type_of(found)
            for name in attributes.split(".")[1:]:
                found = self.member(found, name)
        return found

    def name_of(self, place: str) -> str:
        """Return a place in the words of a report: the last two names, "()" if it can be called."""
        names = [name for name in place.split(".") if not name[:1].islower() or "()" in name]
        short = ".".join(dict.fromkeys([*names[-2:], place.rpartition(".")[2]]))
        called = isinstance(self.at(place), griffe.Class | griffe.Function)
        return f"{short}()" if called and not short.endswith("()") else short

    def describe(self, place: str) -> dict | None:
        """Return how the symbol at a place looks, None if there is none."""
        found = self.at(place)
        if found is None:
            return None
        looks: dict = {"at": found.path}
        if isinstance(found, griffe.Class):
            looks["bases"] = [str(base) for base in found.bases]
        if isinstance(found, griffe.Function):
            looks["returns"] = str(found.returns)
        if isinstance(found, griffe.Class | griffe.Function):
            looks["parameters"] = self.parameters(found)
            looks["digest"] = digest(found.source)
        elif isinstance(found, griffe.Attribute):
            looks["value"] = str(found.annotation or found.value)[:200]
        return looks

    def parameters(self, found) -> list[str] | None:
        """Return what a function or class is called with, one text each; None if unknown."""
        if isinstance(found, griffe.Class):
            own = self.member(found, "__init__")
            if own is None and any("dataclass" in str(each.value) for each in found.decorators):
                fields = [x for x in found.members.values() if isinstance(x, griffe.Attribute)]
                return [f"{each.name}: {each.annotation} = {each.value}" for each in fields]
            return self.parameters(own) if isinstance(own, griffe.Function) else None
        kinds = griffe.ParameterKind
        texts: list[str] = []
        for parameter in found.parameters:
            star = {kinds.var_positional: "*", kinds.var_keyword: "**"}.get(parameter.kind, "")
            only = parameter.kind is kinds.keyword_only
            if only and not any(text.startswith("*") for text in texts):
                texts.append("*")
            annotation = f": {parameter.annotation}" if parameter.annotation else ""
            default = f" = {parameter.default}" if parameter.default and not star else ""
            texts.append(f"{star}{parameter.name}{annotation}{default}")
        bound = found.parent.is_class and "staticmethod" not in found.labels
        return texts[1:] if bound else texts

    def methods(self, path: str) -> dict[str, tuple[str, ...]]:
        """Return what a protocol leaves to be written: methods, with the names of their arguments.

        One with a body is a default, which vLLM does without.
        """
        methods: dict[str, tuple[str, ...]] = {}
        found = self.lookup(path)
        while isinstance(found, griffe.Class):
            for name, each in found.members.items():
                if isinstance(each, griffe.Function) and is_left_open(each.source):
                    names = [parameter.name for parameter in each.parameters][1:]
                    methods.setdefault(name, tuple(names))
            bases = (self.named(found, str(base)) for base in found.bases)
            found = next(filter(None, bases), None)
        return methods

    def search(self, name: str) -> list[str]:
        """Return where modules define a class or function of this name."""
        pattern = re.compile(rf"^(class|def) {re.escape(name)}\b", re.MULTILINE)
        files = sorted(self.root.glob("vllm/**/*.py"))
        found = [file for file in files if pattern.search(file.read_text(encoding="utf-8"))]
        modules = [file.relative_to(self.root).with_suffix("") for file in found]
        return [
            ".".join(part for part in m.parts if part != "__init__") + f".{name}" for m in modules
        ]


def is_left_open(source: str) -> bool:
    """Tell whether a function has no body but a docstring, ``...`` or ``pass``."""
    [function] = ast.parse(textwrap.dedent(source)).body
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return all(
        isinstance(line, ast.Pass)
        or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
        for line in function.body
    )


def digest(source: str) -> str:
    """Return a digest of what code does: not of its comments, docstrings or layout."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            del node.body[0]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]


def find(given: str | None, folder: Path):
    """Return the folder that holds the package vllm, and vLLM's metadata."""
    if given is None:
        return find_installed()
    path = Path(given)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if re.search(r"\.py$|/METADATA$", name)]
            archive.extractall(folder, names)
        path = folder
    elif path.name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            wanted = [m for m in archive if re.search(r"/vllm/.*\.py$|^[^/]*/PKG-INFO$", m.name)]
            archive.extractall(folder, wanted)
        [path] = folder.iterdir()
    if not (path / "vllm" / "__init__.py").exists():
        raise UnknownSource(f"{given} holds no vLLM: give a wheel, an sdist or a folder of it")
    files = [*path.glob("vllm*.dist-info/METADATA"), *path.glob("PKG-INFO")]
    return path, HeaderParser().parsestr(files[0].read_text(encoding="utf-8") if files else "")


def find_installed():
    spec = importlib.util.find_spec("vllm")
    names = importlib.metadata.packages_distributions().get("vllm", [])
    if spec is None or spec.origin is None or not names:
        raise UnknownSource("no vLLM is installed: give a wheel, an sdist or a folder of it")
    return Path(spec.origin).parents[1], importlib.metadata.metadata(names[0])
