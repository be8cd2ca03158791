"""A registry of parsers of vLLM's, as the tests need it."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """What vLLM calls a function with."""

    positional: tuple = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, function: Callable) -> bool:
        """Tell whether a function, or a class, can be called so."""
        try:
            inspect.signature(function).bind(*self.positional, **self.named)
        except TypeError:
            return False
        return True


@dataclass
class Parsers:
    """The registry, and what vLLM asks of the classes in it."""

    manager: Any
    imported: dict[str, type]
    get: Callable[[str], type]
    base: type
    # Returns the class that the server takes; needs a real vLLM.
    get_in_server: Callable[[str], type]
    # A class of vLLM's own, and one of another plugin.
    rivals: tuple[str, str]
    # How vLLM makes a parser, and how it calls its methods.
    made_by: list[Call]
    calls: dict[str, list[Call]]
    # What the base class leaves open.
    left_open: list[str]

    lazy = True

    def names(self) -> set[str]:
        return set(self.manager.list_registered())

    def forget(self, monkeypatch, name: str) -> None:
        monkeypatch.delitem(self.imported, name, raising=False)
        monkeypatch.delitem(self.manager.lazy_parsers, name, raising=False)

    def take(self, name: str, rival: str) -> str:
        """Give a name to a rival, and return the class that has it then."""
        self.manager.register_lazy_module(name, *rival.split(":"))
        return rival

    def break_it(self, monkeypatch, failing) -> None:
        monkeypatch.setattr(self.manager, "register_lazy_module", failing)
