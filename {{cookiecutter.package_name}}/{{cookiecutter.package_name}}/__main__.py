"""The doctor: ``python -m PACKAGE [CHECKPOINT] [--json]`` tells why vLLM does not use this plugin.

Run it where vLLM runs. It starts no engine, and needs no GPU. There is no need to edit this file.
Exit status: 0; 1 if there is a problem; 2 for wrong usage.
"""

import argparse
import contextlib
import importlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from ._safety import STRICT, is_tested, owner_of
from .about import ARCHITECTURE, MODEL_TYPE, NEWEST_VLLM, OLDEST_VLLM, PLUGIN_NAME

GROUP = "vllm.general_plugins"
HERE = Path(__file__).resolve().parent
PACKAGE = HERE.name
PIP = f"{sys.executable} -m pip"
SOURCE = HERE.parent if (HERE.parent / "setup.py").exists() else PACKAGE
INSTALL = f"{PIP} install --force-reinstall {SOURCE}"
# For a process to load vLLM and the plugins.
SECONDS = 200
OK, WARNING, PROBLEM = "ok", "warning", "problem"
# How bad it is, what was found, and the cure.
Finding = tuple[str, str, str]
Findings = Iterator[Finding]


def judge(good: bool, text: str, cure: str, otherwise: str = PROBLEM) -> Finding:
    return (OK, text, "") if good else (otherwise, text, cure)


def look_at_installation() -> Findings:
    builds = sorted(set(metadata.packages_distributions().get("vllm", [])))
    if len(builds) > 1:
        text = " and ".join(f"{name} {metadata.version(name)}" for name in builds)
        cure = f"{PIP} uninstall {' '.join(builds)}; then install the one that fits."
        yield PROBLEM, f"{text} both install the package vllm, one over the other.", cure
    if folder_of("vllm") is None:
        cure = "install it, or run this with the Python that runs vLLM."
        yield PROBLEM, f"vLLM is not installed in {sys.prefix}.", cure

    ours = [dist for dist in metadata.distributions() if is_ours(place_of(dist).name)]
    named = [entry for entry in metadata.entry_points(group=GROUP) if entry.name == PLUGIN_NAME]
    mine = [entry.dist for entry in named if entry.dist and is_ours(entry.value)]
    if not (mine or ours):
        files = [file for folder in sys.path for file in Path(folder).glob("*.*")]
        left = [f" {file} is left of an editable install." for file in files if is_remnant(file)]
        yield PROBLEM, f"{PACKAGE} is not installed in {sys.prefix}.{''.join(left)}", INSTALL
        return
    used = (mine or ours)[0]
    place, home, folder = place_of(used), home_of(used), folder_of(PACKAGE)
    hidden = [dist for dist in ours if place_of(dist) != place]
    if not mine:
        also = f", and hides {place_of(hidden[0])}" if hidden else ""
        text = f"{place} names no plugin {PLUGIN_NAME} in {GROUP}{also}."
        yield PROBLEM, text, f"delete {place}" if hidden else INSTALL
        return
    # Of plugins with one name, vLLM runs the one found last.
    last = named[-1].dist is used
    for other in (entry.dist for entry in named if entry.dist and entry.dist is not used):
        text = f"{place_of(other)} has a plugin {PLUGIN_NAME} too; vLLM runs only "
        cure = f"{PIP} uninstall {other.name}; or change PLUGIN_NAME in about.py."
        yield WARNING if last else PROBLEM, f"{text}{'this' if last else 'that'} one.", cure
    for other in hidden:
        if (home_of(other), other.version) != (home, used.version):
            text = f"{place} hides {place_of(other)}: {PACKAGE} is installed twice."
            yield WARNING, text, "delete the one that is out of date."
    if not home.exists():
        yield PROBLEM, f"{place} is an editable install of {home}, which is gone.", INSTALL
    elif folder is None:
        yield PROBLEM, f"{place} is there, and the package {PACKAGE} is not.", INSTALL
    elif home not in folder.parents:
        text = f"{folder} is imported, and hides the package that {place} belongs to."
        yield WARNING, text, f"take {folder.parent} out of PYTHONPATH, or delete {folder}"
    elif folder != HERE:
        text = f"The command vllm imports {folder}, but Python in this folder {HERE}."
        yield WARNING, text, f"go to another folder, or {PIP} install -e {HERE.parent}"
    else:
        yield OK, f"The plugin {PLUGIN_NAME} is found in {place}, its package in {folder}.", ""


def look_at_vllm_plugins() -> Findings:
    value = os.environ.get("VLLM_PLUGINS")
    names = [PLUGIN_NAME] if value is None else value.split(",")
    trimmed = [name.strip() for name in names]
    lower = [name.lower() for name in trimmed]
    packages = [name.replace("-", "_") for name in lower]
    reasons = {
        "which lets the plugin in": PLUGIN_NAME in names,
        "with a space that vLLM takes for part of the name": PLUGIN_NAME in trimmed,
        "so vLLM loads no plugin": not any(trimmed),
        "with other capitals than the plugin's name": PLUGIN_NAME.lower() in lower,
        "which names the package and not the plugin": PACKAGE.lower() in packages,
        "and no plugin has the name all": "all" in trimmed,
        "without the plugin's name": True,
    }
    why = next(reason for reason, holds in reasons.items() if holds)
    found = "not set" if value is None else repr(value)
    cure = f"unset it, or add {PLUGIN_NAME} to it, with commas and without spaces."
    yield judge(PLUGIN_NAME in names, f"VLLM_PLUGINS is {found}, {why}.", cure)


def look_inside(checkpoint: str | None, only_vllm: bool) -> Findings:
    """Load vLLM and its plugins as the front end does, and start processes as that does."""
    # Before vLLM is imported here: that takes long, and so both do it at the same time.
    spawned = None if only_vllm else start(multiprocessing.get_context("spawn"))
    try:
        import vllm
        from transformers import CONFIG_MAPPING
        from vllm import plugins
    except BaseException as error:
        yield PROBLEM, f"vLLM cannot be imported: {cause_of(error)}", "install it anew."
        return
    version = str(getattr(vllm, "__version__", "of unknown version"))
    engine = "The fixture engine" if find_spec("vllm.fixture") else "vLLM"
    text = f"{engine} {version} is in {folder_of('vllm')}; tested: {OLDEST_VLLM} to {NEWEST_VLLM}."
    yield judge(is_tested(version), text, "run the plugin's tests with it.", WARNING)
    if spawned is None:
        return

    register: Any = None
    try:
        for register in plugins.load_plugins_by_group(GROUP).values():
            register()
        owners = {
            f"architecture {ARCHITECTURE}": owner_in(vllm.ModelRegistry.models, ARCHITECTURE),
            f"model_type {MODEL_TYPE}": owner_in(CONFIG_MAPPING, MODEL_TYPE),
        }
        # Once more, and now it raises what it would only log.
        os.environ[STRICT] = "1"
        register = importlib.import_module(PACKAGE).register
        register()
    except BaseException as error:
        name = getattr(register, "__module__", PACKAGE)
        cure = f"repair {name}, or uninstall it, or keep it out by VLLM_PLUGINS."
        yield PROBLEM, f"register() of {name} raises {cause_of(error)}", cure
        return
    yield OK, "register() raises nothing.", ""
    for name, owner in owners.items():
        cure = "choose another in about.py and config.json, or keep its owner out by VLLM_PLUGINS."
        yield judge(is_ours(owner), f"The {name} belongs to {owner}.", cure)
    if not all(map(is_ours, owners.values())):
        return

    # A forked process inherits what is loaded, as in vLLM.
    plugins.plugins_loaded = True
    yield from answer_from(spawned)
    if "fork" in multiprocessing.get_all_start_methods():
        yield from answer_from(start(multiprocessing.get_context("fork")))
    else:
        yield OK, "This system cannot fork, so vLLM does not.", ""
    if checkpoint:
        yield from look_at_checkpoint(Path(checkpoint) / "config.json")


def look_at_checkpoint(file: Path) -> Findings:
    import vllm
    from transformers import CONFIG_MAPPING, AutoConfig

    try:
        config = {"architectures": None, "model_type": None, **json.loads(file.read_bytes())}
    except (OSError, ValueError, TypeError) as error:
        cure = "name a folder whose config.json is one JSON object."
        yield PROBLEM, f"{file} cannot be read: {cause_of(error)}", cure
        return
    names, model_type = config["architectures"], config["model_type"]
    models = vllm.ModelRegistry.models
    # vLLM takes the first that it knows.
    known = [name for name in names or [] if name in models] + [None]
    text = f"{file} has the architectures {names}, of {owner_in(models, known[0])}."
    cure = f'write "architectures": ["{ARCHITECTURE}"], if this model is meant.'
    yield judge(known[0] == ARCHITECTURE, text, cure)
    text = f"{file} has the model_type {model_type}, of {owner_in(CONFIG_MAPPING, model_type)}"
    cure = f'write "model_type": "{MODEL_TYPE}", if this model is meant.'
    try:
        AutoConfig.for_model(**config)
    except Exception as error:
        yield PROBLEM, f"{text}, and cannot be loaded: {cause_of(error)}", cure
    else:
        yield judge(model_type == MODEL_TYPE, f"{text}.", cure, WARNING)


def start(context: Any):
    """Start a process that loads the plugins; return the pipe through which it answers."""
    pipe, far_end = context.Pipe(duplex=False)
    context.Process(target=answer, args=(far_end, context.get_start_method()), daemon=True).start()
    far_end.close()
    return pipe


def answer(pipe, method: str) -> None:
    findings: list[Finding] = []
    try:
        import vllm
        from vllm.plugins import load_general_plugins

        load_general_plugins()
        owner = owner_in(vllm.ModelRegistry.models, ARCHITECTURE)
        text = f"In a new process (start method {method}) the architecture belongs to {owner}."
        findings = [judge(is_ours(owner), text, "let register() do the same in every process.")]
        if is_ours(owner) and method == "spawn":
            findings += look_at_model(vllm.ModelRegistry)
    except BaseException as error:
        text = f"A new process (start method {method}) fails: {cause_of(error)}"
        findings.append((PROBLEM, text, "let register() do the same in every process."))
    pipe.send(findings)


def answer_from(pipe) -> list[Finding]:
    with contextlib.suppress(EOFError):
        if pipe.poll(SECONDS):
            return pipe.recv()
    return [(PROBLEM, "A new process that loads the plugins hangs or dies.", "repair register().")]


def look_at_model(registry) -> Findings:
    """Import the model class, and compare it with what vLLM noted when it last inspected it."""
    entry = registry.models[ARCHITECTURE]
    try:
        model_class = entry.load_model_cls()
    except BaseException as error:
        # The fixture engine has nothing that a model could be made of.
        if not find_spec("vllm.fixture"):
            cure = "repair that, or install a vLLM that the plugin is tested with."
            yield PROBLEM, f"The model class cannot be imported: {cause_of(error)}", cure
        return
    root = os.path.join(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "vllm")
    root = os.path.expanduser(os.environ.get("VLLM_CACHE_ROOT", root))
    note = Path(root, "modelinfos", re.sub("[.:]", "-", owner_of(entry)) + ".json")
    noted = flags_of(entry) if note.exists() else None
    # An entry that holds the class, and not its name, is inspected at once, with no cache.
    registry.register_model(ARCHITECTURE, model_class)
    flags = flags_of(registry.models[ARCHITECTURE])
    wrong = [name for name in flags if noted and noted.get(name) != flags[name]]
    yield OK, "The model class can be imported.", ""
    if wrong:
        text = f"{note} is out of date, in {', '.join(wrong)}, and vLLM relies on it."
        yield PROBLEM, text, f"delete {note}"


def flags_of(entry) -> dict:
    # Through JSON, since what was in a cache has lists in place of tuples.
    return json.loads(json.dumps(vars(entry.inspect_model_cls()), default=str))


def owner_in(registry, name) -> str:
    """Return "module:Class" of what has a name in vLLM's or transformers' registry."""
    if not isinstance(name, str) or name not in registry:
        return "nobody"
    entry = registry[name]
    return f"{entry.__module__}:{entry.__name__}" if isinstance(entry, type) else owner_of(entry)


def is_ours(name: str) -> bool:
    """Tell whether a file of metadata, an entry point's value or a "module:Class" is ours."""
    return re.split("[-.:]", name)[0].lower() == PACKAGE.lower()


def is_remnant(file: Path) -> bool:
    name = file.name.replace("-", "_")
    return name == f"{PACKAGE}.egg_link" or (name.startswith("__editable__") and PACKAGE in name)


def place_of(dist: metadata.Distribution) -> Path:
    return Path(str(getattr(dist, "_path", dist.locate_file("")))).resolve()


def home_of(dist: metadata.Distribution) -> Path:
    """Return the folder in which, or below which, the package of a distribution should be."""
    origin = json.loads(dist.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        return Path(url2pathname(urlparse(origin["url"]).path)).resolve()
    return Path(str(dist.locate_file(""))).resolve()


def folder_of(package: str) -> Path | None:
    """Return the folder from which a new process would import a package."""
    # Not find_spec, which answers for what is imported already.
    for finder in sys.meta_path:
        spec = finder.find_spec(package, None)
        if spec and spec.origin and spec.loader:
            return Path(spec.origin).resolve().parent
    return None


def cause_of(error: BaseException) -> str:
    """Return an error, and where it came from, in one line."""
    text = " ".join("".join(traceback.format_exception_only(type(error), error)).split())
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} ({frame.filename}:{frame.lineno})"


def run_in_child(*arguments) -> list[Finding]:
    """Run look_inside() where vLLM and the plugins may do what they like."""
    # The package last: it may be in no place but the current folder, which -m put in front.
    path = [*sys.path, str(HERE.parent)]
    code = f"import sys; sys.path[:] = {path}; from {PACKAGE}.__main__ import print_json; "
    code += f"print_json(*{arguments})"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if child.returncode or not child.stdout:
        end = f"with {child.returncode}. {child.stderr.strip()[-200:]}"
        return [(PROBLEM, f"A process that loads vLLM and its plugins ends {end}", "repair that.")]
    return [(level, text, cure) for level, text, cure in json.loads(child.stdout)]


def print_json(*arguments) -> None:
    # What vLLM and the plugins print goes to standard error.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(list(look_inside(*arguments)), output)


def main() -> int:
    parser = argparse.ArgumentParser(prog=f"python -m {PACKAGE}")
    parser.add_argument("checkpoint", nargs="?", help="a folder with a config.json")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    # The current folder, in which the command vllm does not look.
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    findings = [*look_at_installation(), *look_at_vllm_plugins()]
    if folder_of("vllm"):
        # What depends on a problem would only repeat it.
        only_vllm = any(level == PROBLEM for level, _, _ in findings)
        findings += run_in_child(options.checkpoint, only_vllm)
    if options.json:
        print(json.dumps([{"level": a, "found": b, "cure": c} for a, b, c in findings], indent=2))
    else:
        for level, text, cure in findings:
            print(f"{level:8} {text}" + (f" Cure: {cure}" if cure else ""))
    return int(any(level == PROBLEM for level, _, _ in findings))


if __name__ == "__main__":
    sys.exit(main())
