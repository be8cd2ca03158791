"""Whether calls and overrides fit the signatures of vLLM's functions. No need to edit this file."""

import signatures
from recorded import Symbol
from uses import Use


def problems_with_call(use: Use, old: Symbol, new: Symbol, unbound: bool) -> list[str]:
    """Say what is wrong with the arguments that a call passes.

    A method that is taken from its class, ``unbound``, is passed self as well.
    """
    if use.kind != "call" or new.parameters is None:
        return []
    theirs = signatures.parse(new.parameters)
    before = {signatures.name_in(text).lstrip("*") for text in old.parameters or []}
    selves = int(unbound)
    passed = use.passed.positional - selves
    problems = []
    if passed < 0 and not use.passed.unpacks and "self" not in use.passed.keywords:
        problems.append("requires self")
    if not theirs.takes_keywords:
        known = {*theirs.by_keyword, *["self"] * selves}
        for keyword in sorted(set(use.passed.keywords) - known):
            problems.append(f"{'lost' if keyword in before else 'has no'} {keyword}")
    takes = len(theirs.positional)
    if passed > takes and not theirs.takes_more:
        noun = "argument" if takes + selves == 1 else "arguments"
        problems.append(f"takes {takes + selves} positional {noun}, not {use.passed.positional}")
    return problems + not_given(use, theirs, max(passed, 0))


def not_given(use: Use, theirs: signatures.Signature, passed: int) -> list[str]:
    """Say which arguments a signature requires that a call does not pass."""
    if use.passed.unpacks:
        return []
    given = {*theirs.positional[:passed], *use.passed.keywords}
    return [f"requires {each}" for each in theirs.required if each not in given]


def problems_with_override(use: Use, old: Symbol, new: Symbol) -> list[str]:
    """Say what a method of ours requires that vLLM does not pass to its own any more."""
    # vLLM does not call what a subclass is constructed by, but constructs the subclass.
    if use.kind != "override" or use.symbol_path.endswith((".__init__", ".__new__")):
        return []
    before = set(not_passed(use, old))
    missing = [name for name in not_passed(use, new) if name not in before]
    lost = missing if old.parameters is not None else []
    return [f"is called without {name}, which this method requires" for name in lost]


def not_passed(use: Use, symbol: Symbol) -> list[str]:
    """Return the arguments that a method of ours requires and vLLM's does not take."""
    theirs = signatures.parse(symbol.parameters or [])
    surplus = () if theirs.takes_more else use.required.in_order[len(theirs.positional) :]
    unknown = () if theirs.takes_keywords else (*surplus, *use.required.by_keyword)
    return [name for name in unknown if name not in theirs.by_keyword]
