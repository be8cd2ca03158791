"""Reads one file of a package for what it uses of vLLM. No need to edit this file."""

import ast
from typing import Any

from branches import Branches
from uses import MODULE, OwnClass, names_in_class, required_arguments, strings_in


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
        """Note what a name stands for that another file of this package defines."""
        if name in other.names:
            self.names[bound] = other.names[name]
        if name in other.flags:
            self.flags[bound] = other.flags[name]
        if name in other.classes:
            self.classes[bound] = other.classes[name]

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.assign(target, self.place_of(node.value), node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)
        place = self.place_in_annotation(node.annotation)
        self.assign(node.target, place or self.place_of(node.value), node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.assign(node.target, self.place_of(node.value), node.value)

    def assign(self, target: ast.expr, place: str | None, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            flag = self.flag_of(value, place)
            self.bind(target.id, place)
            self.flags.update((target.id, each) for each in flag)
        elif isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
            if not (isinstance(value, ast.Constant) and value.value is None):
                self.own.setdefault(target.attr, []).append(place)
        elif isinstance(target, ast.Attribute):
            self.add(self.place_of(target), "write", target)
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
        places = [place for base in bases if (place := self.place_of(base))]
        for place in places:
            self.add(place, "base", node)
        functions = [
            each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        methods = {each.name: each for each in functions}
        for name, method in methods.items():
            self.overrides[method] = tuple(f"{place}.{name}" for place in places)
            # A property is read and not called: if nobody reads it any more, nothing breaks.
            for place in places if not method.decorator_list else []:
                required = required_arguments(method)
                self.add(f"{place}.{name}", "override", method, keywords=required)
        created = self.own_class(bases, methods)
        self.read_class(node, created)
        self.bind(node.name, None)
        self.classes[node.name], self.defined[node.name] = created, node.lineno

    def own_class(self, bases: list[ast.expr], methods: dict) -> OwnClass:
        """Return a class with all that it has from bases of this package's own."""
        flat: list[str | None] = []
        inherited: dict = {}
        for base in bases:
            name = ast.unparse(base)
            if name in self.classes:
                flat += self.classes[name].bases
                inherited = self.classes[name].methods | inherited
            elif place := self.place_of(base):
                flat.append(place)
            elif name.split(".")[-1] == MODULE:
                flat.append(MODULE)
            elif name.split(".")[-1] not in ("object", "ABC", "Protocol", "Generic"):
                flat.append(None)
        return OwnClass(tuple(dict.fromkeys(flat)), inherited | methods)

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
            # What is read of self may be a subclass's.
            self.inside = created._replace(bases=(*created.bases, None))
        with self.scope():
            self.read(node.body)
        self.inside, self.own = outer

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for around in [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]:
            if around:
                self.visit(around)
        self.bind(node.name, None)
        with self.scope():
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    self.bind(argument.arg, self.place_in_annotation(argument.annotation))
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
        """Read a comprehension: first what binds its names, and then what uses them."""
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
            self.add(self.place_in_getattr(node), "read", node, optional=optional)
        elif function == "setattr":
            self.add(self.place_in_getattr(node), "write", node)
        elif function.split(".")[-1] in ("find_spec", "import_module"):
            place = next((each for each in strings_in(node) if each.startswith("vllm.")), None)
            self.add(place, "import", node, optional=function.endswith("find_spec"))
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
        place = self.place_of(node.func)
        if place and place.endswith("()"):
            # To call a module is to call its forward().
            called = f"{place}.__call__"
            place = called if self.has(called) else f"{place}.forward"
        unpacks = starred or len(keywords) < len(node.keywords)
        more = {"positional": len(positional), "keywords": keywords, "unpacks": unpacks}
        # What is one class or another may take one set of arguments or another.
        self.add(place, "read" if self.is_mixed(node.func) else "call", node, **more)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self.add(self.place_of(node), "read", node)
        if not isinstance(node.value, ast.Attribute):
            self.visit(node.value)
