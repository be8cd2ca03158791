"""Reads one file of a package for what it uses of vLLM. No need to edit this file."""

import ast
from dataclasses import replace
from typing import Any

from branches import Branches
from syntax import (
    given_in_class,
    last_name,
    methods_in,
    names_in_class,
    required_arguments,
    says_that_it_is_abstract,
    strings_in,
)
from uses import MODULE, Arguments, Kind, Method, OwnClass


class Reader(Branches):
    """Collects the uses in one file."""

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            bound = name.asname or name.name.partition(".")[0]
            is_vllm = name.name.partition(".")[0] == "vllm"
            self.bind(bound, (name.name if name.asname else "vllm") if is_vllm else None)
            if is_vllm:
                self.add(name.name, "import", node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        is_vllm = node.level == 0 and (node.module or "").partition(".")[0] == "vllm"
        other = self.package.reader_of(self.file, node.module, node.level)
        for name in node.names:
            bound = name.asname or name.name
            self.bind(bound, f"{node.module}.{name.name}" if is_vllm else None)
            if is_vllm:
                self.add(f"{node.module}.{name.name}", "import", node, module=node.module)
                if self.guarded:
                    self.flags[bound] = True
            elif other:
                self.take_over(other, name.name, bound)

    def take_over(self, other: Branches, name: str, bound: str) -> None:
        """Note what a name stands for that is imported from another file of this package."""
        if name in other.names:
            self.names[bound] = other.names[name]
        if name in other.flags:
            self.flags[bound] = other.flags[name]
        if name in other.classes:
            self.classes[bound] = other.classes[name]

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.assign(target, self.symbol_path_of(node.value), node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)
        symbol_path = self.symbol_path_in_annotation(node.annotation)
        self.assign(node.target, symbol_path or self.symbol_path_of(node.value), node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.assign(node.target, self.symbol_path_of(node.value), node.value)

    def assign(self, target: ast.expr, symbol_path: str | None, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            flag = self.flag_of(value, symbol_path)
            self.bind(target.id, symbol_path)
            self.flags.update((target.id, each) for each in flag)
        elif isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
            if not (isinstance(value, ast.Constant) and value.value is None):
                self.own.setdefault(target.attr, []).append(symbol_path)
        elif isinstance(target, ast.Attribute):
            self.add(self.symbol_path_of(target), "write", target)
            self.visit(target.value)
        else:
            self.visit(target)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id, None)

    # Classes and functions.

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for around in [*node.decorator_list, *node.bases]:
            self.visit(around)
        bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
        symbol_paths = [symbol_path for base in bases if (symbol_path := self.symbol_path_of(base))]
        for symbol_path in symbol_paths:
            self.add(symbol_path, "base", node)
        for name, method in methods_in(node).items():
            self.overrides[method] = tuple(f"{symbol_path}.{name}" for symbol_path in symbol_paths)
            # Of a decorated method, the signature is not known. A property is read and not called.
            for symbol_path in symbol_paths if not method.decorator_list else []:
                required = required_arguments(method)
                self.add(f"{symbol_path}.{name}", "override", method, required=required)
        created = self.own_class(node, bases)
        self.read_class(node, created)
        self.bind(node.name, None)
        self.classes[node.name] = created
        if not self.muted:
            self.defined.append(created)

    def own_class(self, node: ast.ClassDef, bases: list[ast.expr]) -> OwnClass:
        parents = [parent for base in bases for parent in self.parents_in(base)]
        return OwnClass(
            name=node.name,
            file=self.file,
            line=node.lineno,
            parents=tuple(parents),
            own_methods=methods_in(node),
            defined=frozenset(given_in_class(node.body)),
            abstract=says_that_it_is_abstract(node),
        )

    def parents_in(self, base: ast.expr) -> list[OwnClass | str | None]:
        """Return, in a list, what a base of a class is; [] if it has nothing that matters."""
        name = ast.unparse(base)
        if name in self.classes:
            return [self.classes[name]]
        if symbol_path := self.symbol_path_of(base):
            return [symbol_path]
        if last_name(base) == MODULE:
            return [MODULE]
        return [] if last_name(base) in ("object", "ABC", "Protocol", "Generic") else [None]

    def read_class(self, node: ast.ClassDef, created: OwnClass) -> None:
        outer = self.inside, self.own
        stored = [
            each.attr
            for each in ast.walk(node)
            if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
        ]
        self.inside, self.own = created, {name: [] for name in stored}
        self.own |= {name: [None] for name in [*names_in_class(node), *created.methods]}
        if node.name in self.package.extended:
            # An attribute of self may be a subclass's.
            self.inside = replace(created, parents=(*created.parents, None))
        with self.scope():
            self.read(node.body)
        self.inside, self.own = outer

    def visit_FunctionDef(self, node: Method) -> None:
        for around in [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]:
            if around:
                self.visit(around)
        self.bind(node.name, None)
        with self.scope():
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    self.bind(argument.arg, self.symbol_path_in_annotation(argument.annotation))
            for star in filter(None, (node.args.vararg, node.args.kwarg)):
                self.bind(star.arg, None)
            before, self.within = self.within, self.overrides.get(node, self.within)
            self.read(node.body)
            self.within = before

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        with self.scope():
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    self.bind(argument.arg, None)
            self.generic_visit(node)

    def visit_comprehension_of(self, node: Any) -> None:
        """Read a comprehension: first the loops, which bind its names, and then what uses them."""
        with self.scope():
            for each in node.generators:
                self.visit(each)
            for part in ("elt", "key", "value"):
                if hasattr(node, part):
                    self.visit(getattr(node, part))

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_comprehension_of

    # Uses.

    def visit_Call(self, node: ast.Call) -> None:
        function = ast.unparse(node.func)
        if function in ("getattr", "hasattr"):
            optional = function == "hasattr" or len(node.args) > 2
            self.add(self.symbol_path_in_getattr(node), "read", node, optional=optional)
        elif function == "setattr":
            self.add(self.symbol_path_in_getattr(node), "write", node)
        elif function.split(".")[-1] in ("find_spec", "import_module"):
            symbol_path = next(
                (each for each in strings_in(node) if each.startswith("vllm.")), None
            )
            self.add(symbol_path, "import", node, optional=function.endswith("find_spec"))
        else:
            self.add_call(node)
        if isinstance(node.func, ast.Attribute):
            self.visit(node.func.value)
        elif not isinstance(node.func, ast.Name):
            self.visit(node.func)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            self.visit(argument)

    def add_call(self, node: ast.Call) -> None:
        keywords = tuple(k.arg for k in node.keywords if k.arg)
        positional = [each for each in node.args if not isinstance(each, ast.Starred)]
        starred = len(positional) < len(node.args)
        symbol_path = self.symbol_path_of(node.func)
        if symbol_path and symbol_path.endswith("()"):
            # To call a module is to call its forward().
            called = f"{symbol_path}.__call__"
            symbol_path = called if self.has(called) else f"{symbol_path}.forward"
        unpacks = starred or len(keywords) < len(node.keywords)
        passed = Arguments(len(positional), keywords, unpacks)
        # Of two classes, each may take other arguments.
        kind: Kind = "read" if self.is_mixed(node.func) else "call"
        self.add(symbol_path, kind, node, passed=passed)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self.add(self.symbol_path_of(node), "read", node)
        if not isinstance(node.value, ast.Attribute):
            self.visit(node.value)
