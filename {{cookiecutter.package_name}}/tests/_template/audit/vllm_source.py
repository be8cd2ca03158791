"""The source of one vLLM: what a symbol path, as in uses.py, leads to. No need to edit this."""

import re
from functools import cache
from pathlib import Path

import griffe
from outcomes import Outcome, Unknown, Value
from recorded import Symbol
from vllm_looks import Looks
from vllm_modules import decorators_of, is_static


class Source(Looks):
    """The source of one vLLM release."""

    def __init__(self, given: str | None, folder: Path) -> None:
        super().__init__(given, folder)
        self.resolve = cache(self._resolve)

    def has(self, symbol_path: str) -> bool | None:
        """Tell whether this vLLM has a symbol; None if that cannot be told."""
        value = self.resolve(symbol_path).value
        if isinstance(value, Unknown):
            return False if value is Unknown.ABSENT else None
        return True

    def _resolve(self, symbol_path: str) -> Outcome:
        first, *steps = re.findall(r"\(\)|\[\]|\w+", symbol_path)
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

    def at(self, symbol_path: str) -> griffe.Object | None:
        """Return the griffe object of a symbol, None if there is none or it cannot be told."""
        value = self.resolve(symbol_path).value
        return None if isinstance(value, Unknown) else value.found

    def class_at(self, symbol_path: str) -> griffe.Class | None:
        """Return the class that a symbol path leads to, None if it leads to none."""
        found = self.at(symbol_path)
        return found if isinstance(found, griffe.Class) else None

    def describe(self, symbol_path: str) -> Symbol | None:
        """Return how a symbol looks, None if there is none."""
        found = self.at(symbol_path)
        return None if found is None else self.looks_of(found)

    def name_of(self, symbol_path: str) -> str:
        """Return a symbol path in the words of a report, with "()" if it can be called."""
        found = self.at(symbol_path)
        if isinstance(found, griffe.Module):
            return symbol_path
        names = symbol_path.split(".")
        # From the first class or call on: what comes before are modules, and instances.
        start = next(
            (n for n, name in enumerate(names) if not name[:1].islower() or "()" in name), -1
        )
        short = ".".join(names[start:])
        called = isinstance(found, griffe.Class | griffe.Function)
        return f"{short}()" if called and not short.endswith("()") else short

    def is_unbound(self, symbol_path: str) -> bool:
        """Tell whether a symbol is a method that is taken from its class, and so not bound."""
        outcome = self.resolve(symbol_path)
        if isinstance(outcome.value, Unknown) or not isinstance(outcome.holder, Value):
            return False
        found, holder = outcome.value.found, outcome.holder
        method = isinstance(found, griffe.Function) and not is_static(found)
        class_itself = isinstance(holder.found, griffe.Class) and not holder.made
        return method and class_itself and "classmethod" not in decorators_of(found)

    def extends(self, method: str, holder: Value) -> bool:
        """Tell whether the class of a method is, or is derived from, what holds something."""
        found = self.class_at(method.rpartition(".")[0])
        return found is not None and any(
            each is holder.found for each in self.ancestry(found).classes
        )

    def is_protocol(self, symbol_path: str) -> bool:
        """Tell whether a symbol is a part of a protocol."""
        found = self.at(symbol_path)
        owner = found.parent if found else None
        bases = owner.bases if isinstance(owner, griffe.Class) else []
        return any(re.search(r"\bProtocol\b", str(base)) for base in bases)
