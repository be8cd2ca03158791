"""Digests of code, the same on every Python. No need to edit this file."""

import ast
import hashlib


def digest(tree: ast.AST) -> str:
    """Return a digest of what code does: not of its comments, docstrings or layout."""
    return hashlib.sha256(repr(shape(tree)).encode()).hexdigest()[:12]


def shape(node: object) -> object:
    """Return a syntax tree as plain values, the same on every Python.

    Empty fields are left out: ast.dump() shows them or not, and newer Pythons have more of them.
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
