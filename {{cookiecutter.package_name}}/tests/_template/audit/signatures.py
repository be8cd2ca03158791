"""What a function or a class is called with. No need to edit this file.

A signature is a list of texts, one for each parameter, as in source code: ``size: int = 1``. A
``/`` and a ``*`` stand among them where they stand in source code.
"""

import ast
from typing import NamedTuple

import griffe

# What is written about an attribute and is not its type.
NO_FIELD = ("ClassVar", "typing.ClassVar", "KW_ONLY", "dataclasses.KW_ONLY")


class Signature(NamedTuple):
    """The parameters of a signature, by how they can be passed."""

    positional: list[str]
    by_keyword: list[str]
    required: list[str]
    # Whether it takes any further positional arguments, and any keywords.
    takes_more: bool
    takes_keywords: bool


def parse(texts: list[str]) -> Signature:
    """Return a signature by how its parameters can be passed."""
    positional: list[str] = []
    by_keyword: list[str] = []
    required: list[str] = []
    only_keywords = takes_more = takes_keywords = False
    for text in texts:
        name = name_in(text)
        if name == "/":
            by_keyword.clear()
        elif text.startswith("**"):
            takes_keywords = True
        elif text.startswith("*"):
            only_keywords, takes_more = True, takes_more or name != "*"
        else:
            by_keyword.append(name)
            if not only_keywords:
                positional.append(name)
            if " = " not in text:
                required.append(name)
    return Signature(positional, by_keyword, required, takes_more, takes_keywords)


def name_in(text: str) -> str:
    """Return the name of a parameter from its text, with its stars."""
    return text.partition(":")[0].partition(" =")[0]


def text_of(expression: object) -> str:
    """Return an expression of griffe's as text, the same from every griffe."""
    try:
        return ast.unparse(ast.parse(str(expression), mode="eval"))
    except SyntaxError:
        return str(expression)


def of_function(function: griffe.Function) -> list[str]:
    """Return the signature of a function, self or cls included."""
    kinds = griffe.ParameterKind
    stars = {kinds.var_positional: "*", kinds.var_keyword: "**"}
    texts: list[str] = []
    before = None
    for parameter in function.parameters:
        kind = parameter.kind
        if before is kinds.positional_only and kind is not before:
            texts.append("/")
        if kind is kinds.keyword_only and not any(text.startswith("*") for text in texts):
            texts.append("*")
        star = stars.get(kind, "") if kind else ""
        annotation = f": {text_of(parameter.annotation)}" if parameter.annotation else ""
        default = f" = {text_of(parameter.default)}" if parameter.default and not star else ""
        texts.append(f"{star}{parameter.name}{annotation}{default}")
        before = kind
    return [*texts, "/"] if before is kinds.positional_only else texts


class Field(NamedTuple):
    """A field of a dataclass."""

    text: str
    only_keyword: bool


def of_dataclass(classes: list[ast.ClassDef]) -> list[str]:
    """Return the signature that a dataclass is given, from it and its dataclass bases after it."""
    fields: dict[str, Field | None] = {}
    for each in reversed(classes):
        fields.update(fields_of(each))
    kept = [field for field in fields.values() if field]
    by_keyword = [field.text for field in kept if field.only_keyword]
    positional = [field.text for field in kept if not field.only_keyword]
    return [*positional, "*", *by_keyword] if by_keyword else positional


def fields_of(node: ast.ClassDef) -> dict[str, Field | None]:
    """Return the fields that the body of a class adds; None for one that __init__ does not take."""
    only_keyword = any("kw_only=True" in ast.unparse(each) for each in node.decorator_list)
    fields: dict[str, Field | None] = {}
    for line in node.body:
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name):
            continue
        annotation = ast.unparse(line.annotation).strip("'\"")
        if annotation.startswith(NO_FIELD):
            only_keyword = only_keyword or "KW_ONLY" in annotation
            continue
        default, options = default_of(line.value)
        text = f"{line.target.id}: {annotation}" + (f" = {default}" if default else "")
        by_keyword = options.get("kw_only", str(only_keyword)) == "True"
        taken = options.get("init", "True") == "True"
        fields[line.target.id] = Field(text, by_keyword) if taken else None
    return fields


def default_of(value: ast.expr | None) -> tuple[str, dict[str, str]]:
    """Return the default of a field, "" if it is required, and the other options of ``field()``."""
    if value is None:
        return "", {}
    if not isinstance(value, ast.Call) or ast.unparse(value.func).split(".")[-1].lower() != "field":
        return ast.unparse(value), {}
    options = {each.arg: ast.unparse(each.value) for each in value.keywords if each.arg}
    factory = options.get("default_factory")
    given = ast.unparse(value.args[0]) if value.args else options.get("default", "")
    default = f"{factory}()" if factory else given
    return ("" if default in ("...", "MISSING") else default), options
