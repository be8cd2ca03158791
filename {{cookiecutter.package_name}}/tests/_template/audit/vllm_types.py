"""What vLLM's attributes hold and its calls give, by annotation. No need to edit this file."""

import ast

import griffe
from outcomes import Unknown, Value
from vllm_classes import Classes
from vllm_modules import expression

# Generic types that stand for the first type in their brackets.
WRAPPERS = ("Optional", "Annotated", "Final", "ClassVar", "InitVar", "SkipValidation", "InstanceOf")


class Types(Classes):
    """Tells of which class a value in vLLM's source is."""

    def step(self, value: Value, step: str) -> Value | Unknown:
        """Return what a call, an index or a name gives."""
        if step == "()":
            return self.called(value)
        if step == "[]":
            generic = isinstance(value.found, griffe.Class) and not value.made
            return value if generic else Unknown.UNTOLD
        return self.member(value, step)

    def member(self, value: Value, name: str) -> Value | Unknown:
        if isinstance(value.found, griffe.Module):
            return self.member_of_module(value.found, name)
        held = self.held(value)
        if isinstance(held, Value) and isinstance(held.found, griffe.Class):
            return self.member_of_class(held.found, name)
        return held if isinstance(held, Unknown) else Unknown.UNTOLD

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
        found = value.found
        if not isinstance(found, griffe.Attribute):
            return value
        if found.annotation is not None and "TypeAlias" not in str(found.annotation):
            return self.type_in(str(found.annotation), found)
        owner = found.parent
        if isinstance(owner, griffe.Class) and self.is_enumeration(owner):
            return Value(owner, made=True)
        if found.value is None or owner is None:
            return Unknown.UNTOLD
        return self.assigned_to(found, owner)

    def is_enumeration(self, found: griffe.Class) -> bool:
        return any(path.startswith("enum.") for path in self.ancestry(found).others)

    def assigned_to(self, found: griffe.Attribute, owner: griffe.Object) -> Value | Unknown:
        """Return what an attribute without an annotation is assigned."""
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
        # A tuple is what is left of text that is no expression.
        return Unknown.UNTOLD if isinstance(node, ast.Tuple) else self.instance(node, scope)

    def instance(self, node: ast.expr, scope: griffe.Object) -> Value | Unknown:
        if isinstance(node, ast.Constant):
            text = node.value if isinstance(node.value, str) else ""
            return self.type_in(text, scope) if text else Unknown.OUTSIDE
        if isinstance(node, ast.BinOp):
            return self.one_of([node.left, node.right], scope)
        if isinstance(node, ast.Subscript):
            return self.instance_of_generic(node, scope)
        name = ast.unparse(node).split(".")[-1]
        if name in ("Any", "object"):
            return Unknown.UNTOLD
        if name == "Self":
            owner = scope.parent
            return Value(owner, made=True) if isinstance(owner, griffe.Class) else Unknown.UNTOLD
        return self.instance_of(self.meant(node, scope))

    def instance_of_generic(self, node: ast.Subscript, scope: griffe.Object) -> Value | Unknown:
        name = ast.unparse(node.value).split(".")[-1]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Union":
            return self.one_of(inner, scope)
        if name in ("type", "Type"):
            held = self.instance(inner[0], scope)
            return Value(held.found) if isinstance(held, Value) else held
        if name in WRAPPERS:
            return self.instance(inner[0], scope)
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
