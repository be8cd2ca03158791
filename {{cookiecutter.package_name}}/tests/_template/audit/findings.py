"""What a vLLM release changes in everything that a package uses. No need to edit this file."""

from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from abstract_methods import AbstractMethods
from arguments import problems_with_call, problems_with_override
from differences import changes
from interfaces import problems_with_model, why_not_checked
from outcomes import Outcome, Unknown, Value
from package import Package
from recorded import Reference, Symbol
from requirements import changed_requirements
from uses import ADDITIONS, Use
from vllm_source import Source

SECTIONS = ("Breaking", "Behavioral", "Dependencies", "Unchanged")
UNRESOLVED = {
    Unknown.OPEN: "its class does not show it, but it may be given to it elsewhere",
    Unknown.UNTOLD: "vLLM's source does not tell what holds it",
    Unknown.ABSENT: "its class lacks it, but this package or another part of vLLM may add it",
}


class Report(NamedTuple):
    """What an audit found: lines by section, and what it could not look at."""

    sections: dict[str, list[str]]
    unresolved: list[str]
    # What the reference does not hold, so that a change of it is not seen.
    unrecorded: list[str]
    # Why models are not checked, "" if they are.
    models: str


def audit(source: Source, folder: Path, reference: Reference) -> Report:
    """Return the findings about a package, each one line."""
    return Auditor(source, Package(folder, source), reference).report()


def record(source: Source, folder: Path) -> Reference:
    """Return the reference: how each symbol looks that this package uses."""
    symbols: dict[str, Symbol] = {}
    unresolved = set()
    for use in Package(folder, source).uses:
        outcome = source.resolve(use.symbol_path)
        if outcome.value is Unknown.ABSENT:
            continue
        # Of what cannot be followed to its end, the part that can.
        # And the class of an object, which may be imported for the type checker alone.
        for reached in {outcome.reached, outcome.reached.partition("()")[0]}:
            if "." in reached and (looks := source.describe(reached)):
                symbols[reached] = looks
        if isinstance(outcome.value, Unknown) and use.kind not in ADDITIONS:
            unresolved.add(use.symbol_path)
    in_order = {symbol_path: symbols[symbol_path] for symbol_path in sorted(symbols)}
    return Reference(source.version, source.requires, in_order, sorted(unresolved))


class Auditor:
    """Compares what a package uses of one vLLM with the reference."""

    def __init__(self, source: Source, package: Package, reference: Reference) -> None:
        self.source, self.package, self.reference = source, package, reference
        self.symbols = reference.symbols
        self.sections: dict[str, list[str]] = {section: [] for section in SECTIONS}
        self.unresolved: dict[str, list[Use]] = {}
        self.never_resolved = set(reference.unresolved)
        self.unrecorded: list[str] = []
        self.imported = {use.symbol_path for use in package.uses if use.kind in ("import", "base")}

    def report(self) -> Report:
        self.check_classes()
        there: list[Use] = []
        missing: dict[str, list[Use]] = {}
        for use in self.package.uses:
            if self.is_dead(use):
                continue
            if symbol_path := self.absent(use):
                missing.setdefault(symbol_path, []).append(use)
            else:
                there += self.followed(use)
        for symbol_path, uses in sorted(missing.items()):
            self.tell_missing(symbol_path, uses)
        there.sort(key=lambda use: use.symbol_path)
        for symbol_path, group in groupby(there, key=lambda use: use.symbol_path):
            self.compare(symbol_path, list(group))
        required = changed_requirements(self.reference.requires, self.source.requires)
        self.sections["Dependencies"] = required
        return Report(
            {
                section: [f"vLLM {self.source.version}: {line}" for line in dict.fromkeys(lines)]
                for section, lines in self.sections.items()
            },
            [self.unresolved_line(path, uses) for path, uses in self.unresolved.items()],
            self.unrecorded,
            why_not_checked(self.package),
        )

    def check_classes(self) -> None:
        """Tell what the package's classes owe to vLLM's interfaces and base classes."""
        for own in self.package.registered():
            self.sections["Breaking"] += problems_with_model(self.source, own)
        self.sections["Breaking"] += AbstractMethods(self.source, self.package).problems()

    def is_dead(self, use: Use) -> bool:
        """Tell whether a use stands in a method that vLLM called once and calls no more."""
        gone = [
            symbol_path in self.symbols and self.source.has(symbol_path) is not True
            for symbol_path in use.within
        ]
        return bool(gone) and all(gone)

    def is_recorded(self, symbol_path: str) -> bool:
        beyond = (f"{symbol_path}.", f"{symbol_path}(", f"{symbol_path}[")
        return symbol_path in self.symbols or any(each.startswith(beyond) for each in self.symbols)

    def absent(self, use: Use) -> str:
        """Return the symbol path that a use needs and this vLLM lacks, "" if it lacks none."""
        outcome = self.source.resolve(use.symbol_path)
        # It was found once, and the class that should have it is known.
        known = outcome.value is Unknown.OPEN and outcome.is_of_class
        lost = known and use.symbol_path in self.symbols
        if outcome.value is not Unknown.ABSENT and not lost:
            return ""
        if use.kind == "import":
            return use.symbol_path
        if self.may_be_there(use, outcome):
            return ""
        for length in range(len(use.symbol_path)):
            # The import that fails is named, and not what would have followed.
            prefix = use.symbol_path[: length + 1]
            if prefix in self.imported and self.source.has(prefix) is False:
                return prefix
        return use.symbol_path if lost else outcome.stopped

    def may_be_there(self, use: Use, outcome: Outcome) -> bool:
        """Tell whether a symbol that was not found then is as little found as it ever was."""
        # An attribute that the package defines may be that of a subclass of its own.
        own = outcome.stopped.rpartition(".")[2] in self.package.own and "()" in outcome.stopped
        as_before = use.symbol_path in self.never_resolved or (own and use.kind not in ADDITIONS)
        return as_before and not self.is_recorded(outcome.stopped)

    def followed(self, use: Use) -> list[Use]:
        """Return, in a list, the part of a use that can be followed; note what is beyond."""
        outcome = self.source.resolve(use.symbol_path)
        if not isinstance(outcome.value, Unknown):
            return [use]
        if use.kind in ADDITIONS:
            return []
        if outcome.value in UNRESOLVED:
            self.unresolved.setdefault(outcome.stopped, []).append(use)
        part = use._replace(symbol_path=outcome.reached, kind="read")
        # What is imported is looked at as such.
        whole = part.symbol_path.removesuffix("()") not in self.imported
        return [part] if whole and "." in part.symbol_path else []

    def unresolved_line(self, symbol_path: str, uses: list[Use]) -> str:
        value = self.source.resolve(symbol_path).value
        reason = UNRESOLVED[value] if isinstance(value, Unknown) else ""
        return f"{self.source.name_of(symbol_path)}: {reason}{where(uses)}"

    def tell_missing(self, symbol_path: str, uses: list[Use]) -> None:
        """Tell of a symbol that this vLLM lacks, unless the package can do without it."""
        recorded = self.is_recorded(symbol_path)
        name = self.source.name_of(symbol_path)
        exact = [use for use in uses if use.symbol_path == symbol_path]
        needed = [use for use in exact or uses if not use.optional]
        if not recorded:
            ours = symbol_path.rpartition(".")[2] in self.package.given
            needed = [use for use in needed if use.kind not in ADDITIONS and not ours]
        if needed:
            # A private method is no interface: nothing fails, but vLLM may do something else.
            private = all(use.kind == "override" for use in needed) and is_private(symbol_path)
            fate = fate_of(self.source, needed[0], symbol_path, recorded)
            section = "Behavioral" if private else "Breaking"
            self.sections[section].append(f"{name} {fate}{where(needed)}")
        elif recorded:
            self.sections["Behavioral"].append(
                f"{name} is gone, which this package allows for{where(exact or uses)}"
            )

    def compare(self, symbol_path: str, uses: list[Use]) -> None:
        """Tell what is wrong with the uses of a symbol, or else what is new about it."""
        old, new = self.symbols.get(symbol_path), self.source.describe(symbol_path)
        if new is None:
            return
        name = self.source.name_of(symbol_path)
        broken = False
        for use in uses:
            problems = self.problems_with(use, old or Symbol(), new)
            caught = use.optional or issubclass(TypeError, use.caught)
            lines = [f"{name} {problem}{where([use])}" for problem in problems]
            self.sections["Behavioral" if caught else "Breaking"] += lines
            broken = broken or bool(lines)
        if old is None:
            self.unrecorded.append(name)
        elif not broken and (changed := changes(old, new)):
            self.sections["Behavioral"].append(f"{name} {changed}{where(uses)}")
        elif not broken:
            self.sections["Unchanged"].append(name)

    def problems_with(self, use: Use, old: Symbol, new: Symbol) -> list[str]:
        """Say what is wrong with one use of a symbol that is there."""
        problems: list[str] = []
        if not self.may_be_own(use):
            unbound = self.source.is_unbound(use.symbol_path)
            problems += problems_with_call(use, old, new, unbound)
        # A protocol does not tell how vLLM calls what it leaves open.
        if not self.source.is_protocol(use.symbol_path):
            problems += problems_with_override(use, old, new)
        return problems

    def may_be_own(self, use: Use) -> bool:
        """Tell whether a call may be one of a method of this package's own, in a subclass."""
        holder = self.source.resolve(use.symbol_path).holder
        name = use.symbol_path.rpartition(".")[2]
        if not isinstance(holder, Value) or not holder.made:
            return False
        # What super() gives is known.
        if any(symbol_path.endswith(f".{name}") for symbol_path in use.within):
            return False
        return any(
            each.symbol_path.endswith(f".{name}") and self.source.extends(each.symbol_path, holder)
            for each in self.package.uses
            if each.kind == "override"
        )


def where(uses: list[Use]) -> str:
    """Return the lines of the plugin that use a symbol, as the end of a finding."""
    lines = dict.fromkeys(use.where for use in uses)
    return f"; used in {', '.join(lines)}"


def is_private(symbol_path: str) -> bool:
    return symbol_path.rpartition(".")[2].startswith("_")


def fate_of(source: Source, use: Use, symbol_path: str, recorded: bool) -> str:
    """Say that a symbol is gone or was never there, and where it may be found."""
    symbol_paths = source.search(symbol_path.rpartition(".")[2]) if use.kind == "import" else []
    named = " or ".join(symbol_paths[:3])
    if not recorded:
        return f"does not exist; see {named}" if named else "does not exist"
    if named:
        return f"has moved to {named}"
    if use.kind == "override":
        return "is gone, and vLLM will not call what overrides it"
    if use.kind == "write":
        return "is gone, and vLLM will not read what is assigned to it"
    return "is gone"
