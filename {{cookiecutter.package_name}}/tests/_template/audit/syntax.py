"""What the syntax tree of one file of the package tells by itself. No need to edit this file."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from uses import Method, Required, UnreadablePackage

# How vLLM is told of a class that it is to import later: module:Class.
LAZY = re.compile(r"[\w.]+:([A-Za-z_]\w*)$")
ABSTRACT = re.compile(r"\babstract(method|property|classmethod|staticmethod)$")


def tree_of(file: Path) -> ast.Module:
    """Return the syntax tree of a file of the package."""
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise UnreadablePackage(f"{file} is not valid Python: {error}") from error


def last_name(node: ast.AST) -> str:
    """Return the last name of a dotted name: "nn.Module" gives "Module"."""
    return ast.unparse(node).split(".")[-1]


def classes_in_table(tree: ast.Module | None, name: str) -> list[str]:
    """Return the classes in a table that a module assigns to ``name``, as key: "module:Class"."""
    for node in tree.body if tree else []:
        if isinstance(node, ast.Assign):
            target, table = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            target, table = node.target, node.value
        else:
            continue
        if ast.unparse(target) == name and isinstance(table, ast.Dict):
            values = [value.value for value in table.values if isinstance(value, ast.Constant)]
            return [value.rpartition(":")[2] for value in values if isinstance(value, str)]
    return []


def classes_in(tree: ast.Module) -> list[str]:
    """Return the names of the classes that a module defines."""
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef)]


def strings_in(node: ast.AST) -> list[str]:
    """Return all strings in an expression."""
    constants = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return [value for value in constants if isinstance(value, str)]


def names_in_class(node: ast.ClassDef) -> list[str]:
    """Return the names that the body of a class defines or annotates."""
    names = []
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(each.name)
        elif isinstance(each, ast.Assign | ast.AnnAssign):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def given_in_class(body: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names that the body of a class gives a value, in whichever branch."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (name.asname or name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not (isinstance(node, ast.AnnAssign) and node.value is None):
            yield from given_in_class(ast.iter_child_nodes(node))


def methods_in(node: ast.ClassDef) -> dict[str, Method]:
    """Return the methods that stand in the body of a class."""
    functions = [
        each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return {each.name: each for each in functions}


def is_abstract(method: ast.AST) -> bool:
    """Tell whether a method or property is decorated to be abstract."""
    decorators: list[ast.expr] = getattr(method, "decorator_list", [])
    return any(ABSTRACT.search(ast.unparse(each)) for each in decorators)


def says_that_it_is_abstract(node: ast.ClassDef) -> bool:
    """Tell whether a class names ABC or Protocol as a base, or leaves a method abstract itself."""
    bases = [each.value if isinstance(each, ast.Subscript) else each for each in node.bases]
    named = {last_name(each) for each in [*bases, *(each.value for each in node.keywords)]}
    return bool(named & {"ABC", "ABCMeta", "Protocol"}) or any(map(is_abstract, node.body))


def registered_by(call: ast.Call, tree: ast.Module) -> list[str]:
    """Return the class that a call of register_model() names, or else what it may name."""
    values = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "model_cls")]
    named = [match[1] for each in values for match in map(LAZY.search, strings_in(each)) if match]
    everywhere = [match[1] for match in map(LAZY.fullmatch, strings_in(tree)) if match]
    return named or [*map(ast.unparse, values[:1]), *everywhere]


def required_arguments(method: Method) -> Required:
    """Return the arguments that a caller of a method must pass."""
    arguments = [*method.args.posonlyargs, *method.args.args]
    optional = len(method.args.defaults)
    by_keyword = zip(method.args.kwonlyargs, method.args.kw_defaults, strict=True)
    return Required(
        tuple(argument.arg for argument in arguments[1 : len(arguments) - optional]),
        tuple(argument.arg for argument, default in by_keyword if default is None),
    )
