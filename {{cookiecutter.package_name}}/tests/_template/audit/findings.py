"""What changed in everything that a package uses of vLLM, and what that breaks. No need to edit it."""

from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import signatures
from package import Package
from uses import ADDITIONS, MODULE, Use
from vllm_source import Source, Unknown, Value

SECTIONS = ("Breaking", "Behavioral", "Dependencies", "Unchanged")
# What a class must have for vLLM to generate with it, or to pool; each with vLLM's own signature.
INTERFACES = "vllm.model_executor.models.interfaces_base"
# What vLLM passes to these methods beyond what its interface asks for.
PASSED = {"forward": ("intermediate_tensors", "inputs_embeds")}
UNRESOLVED = {
    Unknown.OPEN: "its class does not show it, but it may be given to it elsewhere",
    Unknown.UNTOLD: "vLLM's source does not tell what holds it",
    Unknown.ABSENT: "its class does not have it, but this package or another part of vLLM may add it",
}


class Report(NamedTuple):
    """What an audit found: lines by section, and what it could not look at."""

    sections: dict[str, list[str]]
    unresolved: list[str]
    # What the reference does not hold, so that a change of it is not seen.
    unrecorded: list[str]
    # Why models are not checked, "" if they are.
    models: str


def audit(source: Source, folder: Path, reference: dict) -> Report:
    """Return the findings about a package, each one line."""
    return Auditor(source, Package(folder, source), reference).report()


def record(source: Source, folder: Path) -> dict:
    """Return the reference: what each symbol is that this package uses."""
    symbols: dict[str, dict] = {}
    unresolved = set()
    for use in Package(folder, source).uses:
        if use.kind == "model":
            continue
        outcome = source.resolve(use.place)
        if outcome.value is Unknown.ABSENT:
            continue
        # Of what cannot be followed to its end, the part that can.
        if "." in outcome.reached and (looks := source.describe(outcome.reached)):
            symbols[outcome.reached] = looks
        if isinstance(outcome.value, Unknown) and use.kind not in ADDITIONS:
            unresolved.add(use.place)
    return {
        "vllm": source.version,
        "requires": source.requires,
        "symbols": {place: symbols[place] for place in sorted(symbols)},
        "unresolved": sorted(unresolved),
    }


class Auditor:
    """Compares what a package uses of one vLLM with the reference."""

    def __init__(self, source: Source, package: Package, reference: dict) -> None:
        self.source, self.package = source, package
        self.requires = reference.get("requires")
        self.symbols: dict[str, dict] = reference["symbols"]
        self.sections: dict[str, list[str]] = {section: [] for section in SECTIONS}
        self.unresolved: dict[str, list[Use]] = {}
        self.never_resolved = set(reference.get("unresolved", []))
        self.unrecorded: list[str] = []
        self.imported = {use.place for use in package.uses if use.kind in ("import", "base")}

    def report(self) -> Report:
        there: list[Use] = []
        missing: dict[str, list[Use]] = {}
        for use in self.package.uses:
            if self.is_dead(use):
                continue
            if use.kind == "model":
                self.sections["Breaking"] += problems_with_interface(self.source, use)
            elif place := self.absent(use):
                missing.setdefault(place, []).append(use)
            else:
                there += self.followed(use)
        for place, uses in sorted(missing.items()):
            self.tell_missing(place, uses)
        for place, group in groupby(sorted(there, key=lambda u: u.place), key=lambda u: u.place):
            self.compare(place, list(group))
        self.sections["Dependencies"] = changed_requirements(self.requires, self.source.requires)
        return Report(
            {
                section: [f"vLLM {self.source.version}: {line}" for line in dict.fromkeys(lines)]
                for section, lines in self.sections.items()
            },
            [self.unresolved_line(place, uses) for place, uses in self.unresolved.items()],
            self.unrecorded,
            problem_with_models(self.package),
        )

    def is_dead(self, use: Use) -> bool:
        """Tell whether a use stands in a method that vLLM called once and does not call now."""
        gone = [
            place in self.symbols and self.source.has(place) is not True for place in use.within
        ]
        return bool(gone) and all(gone)

    def is_recorded(self, place: str) -> bool:
        beyond = (f"{place}.", f"{place}(", f"{place}[")
        return place in self.symbols or any(each.startswith(beyond) for each in self.symbols)

    def absent(self, use: Use) -> str:
        """Return the place that a use needs and this vLLM lacks, "" if it lacks none."""
        outcome = self.source.resolve(use.place)
        # It was found once, and the class that should have it is known.
        known = outcome.value is Unknown.OPEN and self.source.is_of_class(outcome)
        lost = known and use.place in self.symbols
        if outcome.value is not Unknown.ABSENT and not lost:
            return ""
        place = use.place if lost else outcome.stopped
        if use.kind == "import":
            return use.place
        # An attribute that the package defines may be that of a subclass of its own.
        own = outcome.stopped.rpartition(".")[2] in self.package.own and "()" in outcome.stopped
        as_before = use.place in self.never_resolved or (own and use.kind not in ADDITIONS)
        if as_before and not self.is_recorded(outcome.stopped):
            return ""
        for length in range(len(use.place)):
            # The import that fails is named, and not what would have followed.
            prefix = use.place[: length + 1]
            if prefix in self.imported and self.source.has(prefix) is False:
                return prefix
        return place

    def followed(self, use: Use) -> list[Use]:
        """Return a use with the place up to which it can be followed; note what is beyond."""
        outcome = self.source.resolve(use.place)
        if not isinstance(outcome.value, Unknown):
            return [use]
        if use.kind in ADDITIONS:
            return []
        if outcome.value in UNRESOLVED:
            self.unresolved.setdefault(outcome.stopped, []).append(use)
        part = use._replace(place=outcome.reached, kind="read")
        # What is imported is looked at as such.
        whole = part.place.removesuffix("()") not in self.imported
        return [part] if whole and "." in part.place else []

    def unresolved_line(self, place: str, uses: list[Use]) -> str:
        value = self.source.resolve(place).value
        reason = UNRESOLVED[value] if isinstance(value, Unknown) else ""
        return f"{self.source.name_of(place)}: {reason}{where(uses)}"

    def tell_missing(self, place: str, uses: list[Use]) -> None:
        """Tell of something that this vLLM lacks, unless the package can do without it."""
        recorded = self.is_recorded(place)
        name = self.source.name_of(place)
        exact = [use for use in uses if use.place == place]
        needed = [use for use in exact or uses if not use.optional]
        if not recorded:
            ours = place.rpartition(".")[2] in self.package.given
            needed = [use for use in needed if use.kind not in ADDITIONS and not ours]
        if needed:
            # A method of vLLM's own, which is nobody's interface: nothing fails, all else may.
            private = all(use.kind == "override" for use in needed) and is_private(place)
            fate = fate_of(self.source, needed[0], place, recorded)
            section = "Behavioral" if private else "Breaking"
            self.sections[section].append(f"{name} {fate}{where(needed)}")
        elif recorded:
            self.sections["Behavioral"].append(
                f"{name} is gone, which this package allows for{where(exact or uses)}"
            )

    def compare(self, place: str, uses: list[Use]) -> None:
        """Tell what is wrong with the uses of a symbol, and else what is new about it."""
        old, new = self.symbols.get(place), self.source.describe(place)
        if new is None:
            return
        name = self.source.name_of(place)
        broken = False
        for use in uses:
            problems = self.problems_with_call(use, old or {}, new)
            # How vLLM calls what a protocol leaves open, the protocol does not tell.
            if not self.source.is_protocol(place):
                problems += problems_with_method(use, old or {}, new)
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

    def may_be_own(self, use: Use) -> bool:
        """Tell whether a call may be one of a method of this package's own, in a subclass."""
        holder = self.source.resolve(use.place).holder
        name = use.place.rpartition(".")[2]
        if not isinstance(holder, Value) or not holder.made:
            return False
        # What super() gives is known.
        if any(place.endswith(f".{name}") for place in use.within):
            return False
        return any(
            each.place.endswith(f".{name}") and self.source.extends(each.place, holder)
            for each in self.package.uses
            if each.kind == "override"
        )

    def problems_with_call(self, use: Use, old: dict, new: dict) -> list[str]:
        """Say what is wrong with the arguments that a call passes."""
        if use.kind != "call" or new.get("parameters") is None or self.may_be_own(use):
            return []
        theirs = signatures.parse(new["parameters"])
        before = {signatures.name_in(text).lstrip("*") for text in old.get("parameters") or []}
        # A method that is taken from its class is passed self as well.
        unbound = int(self.source.is_unbound(use.place))
        passed = use.positional - unbound
        problems = []
        if passed < 0 and not use.unpacks and "self" not in use.keywords:
            problems.append("requires self")
        if not theirs.takes_keywords:
            known = {*theirs.by_keyword, *["self"] * unbound}
            for keyword in sorted(set(use.keywords) - known):
                problems.append(f"{'lost' if keyword in before else 'has no'} {keyword}")
        takes = len(theirs.positional)
        if passed > takes and not theirs.takes_more:
            noun = "argument" if takes + unbound == 1 else "arguments"
            problems.append(f"takes {takes + unbound} positional {noun}, not {use.positional}")
        if not use.unpacks:
            given = {*theirs.positional[: max(passed, 0)], *use.keywords}
            problems += [f"requires {each}" for each in theirs.required if each not in given]
        return problems


def where(uses: list[Use]) -> str:
    """Return the lines of the plugin that use a symbol, as the end of a finding."""
    lines = dict.fromkeys(f"{use.file}:{use.line}" for use in uses)
    return f"; used in {', '.join(lines)}"


def is_private(place: str) -> bool:
    return place.rpartition(".")[2].startswith("_")


def fate_of(source: Source, use: Use, place: str, recorded: bool) -> str:
    """Say that a symbol is gone or was never there, and where it may be found."""
    places = source.search(place.rpartition(".")[2]) if use.kind == "import" else []
    named = " or ".join(places[:3])
    if not recorded:
        return f"does not exist; see {named}" if named else "does not exist"
    if named:
        return f"has moved to {named}"
    if use.kind == "override":
        return "is gone, and vLLM will not call what overrides it"
    if use.kind == "write":
        return "is gone, and vLLM will not read what is assigned to it"
    return "is gone"


def problems_with_method(use: Use, old: dict, new: dict) -> list[str]:
    """Say what a method of ours requires that vLLM's method of that name does not take any more."""
    # To construct is not to call what is overridden.
    if use.kind != "override" or use.place.endswith((".__init__", ".__new__")):
        return []
    before = set(not_passed(use, old))
    missing = [name for name in not_passed(use, new) if name not in before]
    lost = missing if old.get("parameters") is not None else []
    return [f"is called without {name}, which this method requires" for name in lost]


def not_passed(use: Use, looks: dict) -> list[str]:
    """Return the arguments that a method of ours requires and vLLM's does not take."""
    theirs = signatures.parse(looks.get("parameters") or [])
    by_keyword = [name[1:] for name in use.keywords if name.startswith("*")]
    by_position = [name for name in use.keywords if not name.startswith("*")]
    surplus = [] if theirs.takes_more else by_position[len(theirs.positional) :]
    unknown = [] if theirs.takes_keywords else [*surplus, *by_keyword]
    return [name for name in unknown if name not in theirs.by_keyword]


def problems_with_interface(source: Source, use: Use) -> list[str]:
    """Say which methods vLLM asks of a model that a class has not, or with other arguments."""
    if None in use.bases:
        return []
    bases = [base for base in use.bases if base != MODULE]

    def has(name: str) -> bool:
        return name in use.methods or any(source.has(f"{base}.{name}") for base in bases)

    interface = "VllmModelForTextGeneration" if has("compute_logits") else "VllmModelForPooling"
    here, problems = f"{use.file}:{use.line}", []
    for name, theirs in source.methods(f"{INTERFACES}.{interface}").items():
        ours = use.methods.get(name, ())
        surplus = [each for each in ours if each not in (*theirs, *PASSED.get(name, ()))]
        if not has(name):
            problems.append(f"{interface} requires {name}(); missing in {here}")
        elif surplus and len(ours) > len(theirs):
            names = ", ".join(each.lstrip("*") for each in surplus)
            problems.append(f"{interface} lost {names} of {name}(); required in {here}")
    return problems


def problem_with_models(package: Package) -> str:
    """Say why no model is checked against vLLM's interface, "" if all are."""
    models = [use for use in package.uses if use.kind == "model"]
    if not package.models:
        return "this package names no model that it registers"
    found = {use.place.removeprefix("vllm."): use for use in models}
    unknown = [name for name in package.models if name not in found or None in found[name].bases]
    names = ", ".join(dict.fromkeys(unknown))
    return f"of {names}, the source here does not tell all methods" if names else ""


def changed_requirements(before: dict | None, now: dict | None) -> list[str]:
    """Say what vLLM requires that it did not, or otherwise."""
    if before is None or now is None:
        which = "this vLLM" if now is None else "the recorded vLLM"
        return [f"what {which} requires is unknown, since its metadata was not found"]
    lines = []
    for name in dict.fromkeys([*before, *now]):
        was, is_now = before.get(name, "nothing"), now.get(name, "nothing")
        if was != is_now:
            lines.append(f"{name} {is_now}, which was {was}")
    return lines


def changes(old: dict, new: dict) -> str:
    """Say what differs, "" if nothing: signature first, since that explains the most."""
    before, now = old.get("parameters"), new.get("parameters")
    if before is not None and now is not None and before != now:
        gained = [text for text in now if text not in before]
        lost = [text for text in before if text not in now]
        return f"takes {listed(gained) or 'no more'}, and took {listed(lost) or 'less'}"
    changed = old.get("digest") != new.get("digest")
    for key, text in (("returns", "returns"), ("bases", "has the bases"), ("value", "is")):
        # The text of a value may be shortened.
        if old.get(key) != new.get(key) and (key != "value" or changed):
            return f"{text} {new.get(key)}, and {old.get(key)} before"
    if old.get("at") != new["at"]:
        return f"stands in {new['at']}, and stood in {old.get('at')}"
    if not changed:
        return ""
    return "has another body" if "value" not in new else "has another value"


def listed(texts: list[str]) -> str:
    """Return texts as a list, shortened if there are many."""
    shown = texts if len(texts) <= 4 else [*texts[:3], f"{len(texts) - 3} more"]
    return ", ".join(shown)
