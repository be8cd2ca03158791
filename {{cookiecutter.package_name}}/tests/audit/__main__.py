"""The audit: what a vLLM release changes of all that this package uses. No need to edit this file.

``python tests/audit [VLLM] [--markdown] [--record]``. VLLM is a wheel, an sdist or a folder of
vLLM's source; without it the installed vLLM is meant. vLLM is read and never imported, so that
neither torch nor a GPU is needed. Exit status: 0, 1 if something breaks, 2 for wrong usage.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from uses import Use, uses_of
from vllm_source import Source, UnknownSource

PACKAGE = "{{ cookiecutter.package_name }}"
HERE = Path(__file__).parent
REFERENCE = HERE / "reference.json"
SECTIONS = ("Breaking", "Behavioral", "Dependencies", "Unchanged")
# What a class must have for vLLM to generate with it, or to pool; each with vLLM's own signature.
INTERFACES = "vllm.model_executor.models.interfaces_base"


def audit(source: Source, uses: list[Use], reference: dict) -> dict[str, list[str]]:
    """Return the findings by section, each one line."""
    report: dict[str, list[str]] = {section: [] for section in SECTIONS}
    gone: list[str] = []
    by_place = sorted(uses, key=lambda use: use.place)
    for place, group in groupby(by_place, key=lambda use: use.place):
        old, new = reference["symbols"].get(place), source.describe(place)
        if old is None or any(place.startswith((f"{each}.", f"{each}(")) for each in gone):
            continue
        name, same_place = source.name_of(place), list(group)
        if new is None:
            gone.append(place)
            broken = [f"{name} {fate_of(source, same_place[0])}{where(same_place)}"]
        else:
            broken = [
                f"{name} {problem}{where([use])}"
                for use in same_place
                for problem in problems_with_call(use, old, new) + problems_with_method(use, new)
            ]
        report["Breaking"] += broken
        if new and not broken and (changed := changes(old, new)):
            report["Behavioral"].append(f"{name} {changed}{where(same_place)}")
        elif not broken:
            report["Unchanged"].append(name)
    for use in uses:
        report["Breaking"] += problems_with_interface(source, use)
    for name, before in reference["requires"].items():
        now = source.requires.get(name, "nothing")
        if now != before:
            report["Dependencies"].append(f"{name} {now}, which was {before}")
    return {
        section: [f"vLLM {source.version}: {line}" for line in dict.fromkeys(lines)]
        for section, lines in report.items()
    }


def where(uses: list[Use]) -> str:
    """Return the lines of the plugin that use a symbol, as the end of a finding."""
    lines = dict.fromkeys(f"{use.file}:{use.line}" for use in uses)
    return f"; used in {', '.join(lines)}"


def fate_of(source: Source, use: Use) -> str:
    """Say where a symbol that is gone may be found."""
    places = source.search(use.place.rpartition(".")[2]) if use.kind == "import" else []
    if places:
        return f"has moved to {' or '.join(places[:3])}"
    if use.kind == "override":
        return "is gone, and vLLM will not call what overrides it"
    return "is gone"


def problems_with_call(use: Use, old: dict, new: dict) -> list[str]:
    """Say what is wrong with the arguments that a call passes."""
    parameters = new.get("parameters")
    if use.kind != "call" or parameters is None:
        return []
    names = [text.partition(":")[0].partition(" =")[0] for text in parameters]
    before = [text.partition(":")[0].partition(" =")[0] for text in old.get("parameters", [])]
    rest = next((number for number, name in enumerate(names) if name.startswith("*")), len(names))
    problems = []
    if not any(name.startswith("**") for name in names):
        for keyword in sorted(set(use.keywords) - {name.lstrip("*") for name in names}):
            problems.append(f"{'lost' if keyword in before else 'has no'} {keyword}")
    takes_any = rest < len(names) and names[rest] not in ("*",) and not names[rest].startswith("**")
    if use.positional > rest and not takes_any:
        problems.append(f"takes {rest} positional arguments, not {use.positional}")
    required = [
        name
        for number, (name, text) in enumerate(zip(names, parameters, strict=True))
        if " = " not in text and not name.startswith("*") and number >= use.positional
    ]
    if not use.unpacks:
        problems += [f"requires {name}" for name in required if name not in use.keywords]
    return problems


def problems_with_method(use: Use, new: dict) -> list[str]:
    """Say what a method of ours requires that vLLM's method of that name does not take."""
    theirs = new.get("parameters")
    if (
        use.kind != "override"
        or theirs is None
        or any(text.startswith("*") for text in theirs[-1:])
    ):
        return []
    names = {text.partition(":")[0].partition(" =")[0] for text in theirs}
    missing = [name for name in use.keywords[len(theirs) :] if name not in names]
    return [f"is called without {name}, which this method requires" for name in missing]


def problems_with_interface(source: Source, use: Use) -> list[str]:
    """Say which methods vLLM asks of a model that a class has not, or with other arguments."""

    def has(name: str) -> bool:
        return name in use.methods or any(source.at(f"{base}.{name}") for base in use.bases)

    if use.kind != "model":
        return []
    generates = has("compute_logits")
    interface = "VllmModelForTextGeneration" if generates else "VllmModelForPooling"
    here, problems = f"{use.file}:{use.line}", []
    for name, theirs in source.methods(f"{INTERFACES}.{interface}").items():
        ours = use.methods.get(name, ())
        if not has(name):
            problems.append(f"{interface} requires {name}(); missing in {here}")
        elif len(ours) > len(theirs):
            surplus = ", ".join(each for each in ours if each not in theirs)
            problems.append(f"{interface} lost {surplus} of {name}(); required in {here}")
    return problems


def changes(old: dict, new: dict) -> str:
    """Say what differs, "" if nothing: signature first, since that explains the most."""
    if old.get("parameters") != new.get("parameters"):
        before, now = set(old.get("parameters") or ()), set(new.get("parameters") or ())
        gained, lost = sorted(now - before), sorted(before - now)
        return f"takes {', '.join(gained) or 'no more'}, and took {', '.join(lost) or 'less'}"
    for key, text in (("returns", "returns"), ("bases", "has the bases"), ("value", "is")):
        if old.get(key) != new.get(key):
            return f"{text} {new.get(key)}, and {old.get(key)} before"
    if old["at"] != new["at"]:
        return f"stands in {new['at']}, and stood in {old['at']}"
    return "" if old.get("digest") == new.get("digest") else "has another body"


def record(source: Source, uses: list[Use]) -> dict:
    """Return the reference: what each symbol is that this package uses."""
    found = {use.place: source.describe(use.place) for use in uses if use.kind != "model"}
    symbols = {place: found[place] for place in sorted(found) if found[place]}
    return {"vllm": source.version, "requires": source.requires, "symbols": symbols}


def as_text(report: dict[str, list[str]], title: str, markdown: bool) -> str:
    """Return the report for a terminal, or as Markdown."""
    lines = [f"# {title}" if markdown else title]
    for section, findings in report.items():
        lines += ["", f"## {section}" if markdown else section, ""]
        if section == "Unchanged":
            findings = [f"{len(findings)} symbols"]
        lines += [f"- {finding}" for finding in findings or ["nothing"]]
    return "\n".join(lines)


def package_folder() -> Path:
    """Return the folder of this package: in this project, or else where it is installed."""
    sys.path.insert(0, str(HERE.parents[1]))
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"there is no package {PACKAGE}, neither here nor installed")
    return Path(spec.origin).parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/audit", description=__doc__.split("\n")[0])
    parser.add_argument("vllm", nargs="?", help="a wheel, an sdist or a folder of vLLM's source")
    parser.add_argument("--markdown", action="store_true", help="for a pull request")
    parser.add_argument("--record", action="store_true", help="write the reference anew")
    options = parser.parse_args()
    uses = uses_of(package_folder())
    with tempfile.TemporaryDirectory() as folder:
        try:
            source = Source(options.vllm, Path(folder))
        except UnknownSource as error:
            parser.error(str(error))
        if options.record:
            text = json.dumps(record(source, uses), indent=1)
            REFERENCE.write_text(text + "\n", encoding="utf-8")
            print(f"{REFERENCE} now is what vLLM {source.version} has.")
            return 0
        reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
        report = audit(source, uses, reference)
        title = f"vLLM {source.version}, against {reference['vllm']} as it was recorded"
        print(as_text(report, title, options.markdown))
    return 1 if report["Breaking"] else 0


if __name__ == "__main__":
    sys.exit(main())
