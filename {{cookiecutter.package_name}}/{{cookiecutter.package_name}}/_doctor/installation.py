"""Is the package installed, and is what is installed that which vLLM imports?"""

import sys
from importlib import metadata
from pathlib import Path

from ..about import PLUGIN_NAME
from .current_folder import look_at_current_folder
from .distributions import GROUP, is_ours, is_remnant, metadata_folder, source_folder
from .findings import OK, PROBLEM, WARNING, Finding, Findings
from .imports import import_folder, import_source
from .installers import PACKAGE, install, uninstall


def look_at_vllm() -> Findings:
    builds = sorted(set(metadata.packages_distributions().get("vllm", [])))
    if len(builds) > 1:
        text = " and ".join(f"{name} {metadata.version(name)}" for name in builds)
        cure = f"{uninstall(*builds)}; then install the one that fits."
        yield PROBLEM, f"{text} both install the package vllm, one over the other.", cure
    if import_folder("vllm") is None:
        cure = "install it, or run this with the Python that runs vLLM."
        yield PROBLEM, f"vLLM is not installed in {sys.prefix}.", cure


def look_at_installation() -> Findings:
    ours = [dist for dist in metadata.distributions() if is_ours(metadata_folder(dist).name)]
    named = [entry for entry in metadata.entry_points(group=GROUP) if entry.name == PLUGIN_NAME]
    mine = [entry.dist for entry in named if entry.dist and is_ours(entry.value)]
    if not (mine or ours):
        yield not_installed()
        return
    used = (mine or ours)[0]
    hidden = [dist for dist in ours if metadata_folder(dist) != metadata_folder(used)]
    if not mine:
        yield names_no_plugin(used, hidden)
        return
    yield from look_at_rivals(used, [entry.dist for entry in named if entry.dist])
    yield from look_at_others(used, hidden)
    yield look_at_package(used)
    yield from look_at_current_folder()


def not_installed() -> Finding:
    files = [file for folder in sys.path for file in Path(folder).glob("*.*")]
    left = [f" {file} is left of an editable install." for file in files if is_remnant(file)]
    return PROBLEM, f"{PACKAGE} is not installed in {sys.prefix}.{''.join(left)}", install()


def names_no_plugin(used: metadata.Distribution, hidden: list) -> Finding:
    also = f", and hides {metadata_folder(hidden[0])}" if hidden else ""
    text = f"{metadata_folder(used)} names no plugin {PLUGIN_NAME} in {GROUP}{also}."
    return PROBLEM, text, f"delete {metadata_folder(used)}" if hidden else install()


def look_at_rivals(used: metadata.Distribution, named: list) -> Findings:
    """Name the other distributions that have a plugin of this plugin's name."""
    # Of plugins with one name, vLLM runs the one found last.
    last = named[-1] is used
    for other in (dist for dist in named if dist is not used):
        text = f"{metadata_folder(other)} has a plugin {PLUGIN_NAME} too; vLLM runs only "
        cure = f"{uninstall(other.name)}; or change PLUGIN_NAME in about.py."
        yield WARNING if last else PROBLEM, f"{text}{'this' if last else 'that'} one.", cure


def look_at_others(used: metadata.Distribution, hidden: list) -> Findings:
    """Name other installations of this package that are not the same."""
    for other in hidden:
        if (source_folder(other), other.version) != (source_folder(used), used.version):
            text = f"{metadata_folder(used)} hides {metadata_folder(other)}: "
            text += f"{PACKAGE} is installed twice."
            yield WARNING, text, "delete the one that is out of date."


def look_at_package(used: metadata.Distribution) -> Finding:
    place, home, source = metadata_folder(used), source_folder(used), import_source(PACKAGE)
    if not home.exists():
        return PROBLEM, f"{place} is an editable install of {home}, which is gone.", install()
    if source is None:
        return PROBLEM, f"{place} is there, and the package {PACKAGE} is not.", install()
    folder, empty = source
    cure = f"take {folder.parent} out of PYTHONPATH, or"
    if empty:
        text = f"{folder} has no __init__.py, and hides the package that {place} belongs to."
        return PROBLEM, text, f"{cure} {install()}"
    if home not in folder.parents:
        text = f"{folder} is imported, and hides the package that {place} belongs to."
        return WARNING, text, f"{cure} delete {folder}"
    return OK, f"The plugin {PLUGIN_NAME} is found in {place}, its package in {folder}.", ""
