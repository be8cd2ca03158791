"""Whether a package's models have what vLLM's interface asks for. No need to edit this file."""

import ast

import griffe
from package import Package
from syntax import required_arguments
from uses import MODULE, Method, OwnClass
from vllm_source import Source

# What a class must have for vLLM to generate with it, or to pool.
INTERFACES = "vllm.model_executor.models.interfaces_base"
# What vLLM passes to these methods beyond what its interface asks for.
PASSED = {"forward": ("intermediate_tensors", "inputs_embeds")}


def problems_with_model(source: Source, own: OwnClass) -> list[str]:
    """Say which methods vLLM asks of a model that a class lacks, or has with other arguments."""
    if None in own.bases:
        return []
    bases = [base for base in own.bases if base != MODULE]
    methods = own.methods

    def has(name: str) -> bool:
        return name in methods or any(source.has(f"{base}.{name}") for base in bases)

    interface = "VllmModelForTextGeneration" if has("compute_logits") else "VllmModelForPooling"
    problems = []
    for name, theirs in methods_of(source, f"{INTERFACES}.{interface}").items():
        ours = all_required(methods.get(name))
        surplus = [each for each in ours if each not in (*theirs, *PASSED.get(name, ()))]
        if not has(name):
            problems.append(f"{interface} requires {name}(); missing in {own.where}")
        elif surplus and len(ours) > len(theirs):
            names = ", ".join(surplus)
            problems.append(f"{interface} lost {names} of {name}(); required in {own.where}")
    return problems


def all_required(method: Method | None) -> tuple[str, ...]:
    """Return the names of the arguments that a method requires, () if there is no method."""
    required = required_arguments(method) if method else ()
    return tuple(name for names in required for name in names)


def methods_of(source: Source, protocol: str) -> dict[str, tuple[str, ...]]:
    """Return the methods that a protocol leaves to be written, with the names of their arguments.

    One with a body is a default, which vLLM does without.
    """
    methods: dict[str, tuple[str, ...]] = {}
    found = source.class_at(protocol)
    for each in source.ancestry(found).classes if found else []:
        for name, member in each.members.items():
            if isinstance(member, griffe.Function) and is_left_open(source.node(member)):
                names = [parameter.name for parameter in member.parameters][1:]
                methods.setdefault(name, tuple(names))
    return methods


def is_left_open(definition: ast.ClassDef | Method) -> bool:
    """Tell whether a function has no body but a docstring, ``...`` or ``pass``."""
    return all(
        isinstance(line, ast.Pass)
        or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
        for line in definition.body
    )


def why_not_checked(package: Package) -> str:
    """Say why some model is not checked against vLLM's interface, "" if all are."""
    if not package.models:
        return "this package names no model that it registers"
    known = {own.name for own in package.registered() if None not in own.bases}
    names = ", ".join(name for name in dict.fromkeys(package.models) if name not in known)
    return f"of {names}, the source here does not tell all methods" if names else ""
