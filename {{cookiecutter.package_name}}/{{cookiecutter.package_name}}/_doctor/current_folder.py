"""What Python finds in the current folder, where the command vllm does not look."""

import contextlib
import os
import sys
from importlib import metadata

from ..about import PLUGIN_NAME
from .distributions import GROUP, is_ours, metadata_folder
from .findings import WARNING, Finding, Findings
from .imports import Source, import_source, in_front
from .installers import PACKAGE, install


def look_at_current_folder() -> Findings:
    """Say what Python finds in the current folder, where the command vllm does not look."""
    with contextlib.suppress(OSError):
        # With this flag, Python does not look there either.
        if not getattr(sys.flags, "safe_path", False):
            yield from look_in(os.getcwd())


def look_in(current: str) -> Findings:
    for package in (PACKAGE, "vllm"):
        usual, here = import_source(package), import_source(package, current)
        if usual and here and usual != here:
            yield imports_another(package, usual, here)
    with in_front(current):
        entries = metadata.entry_points(group=GROUP)
        ours = [dist for dist in metadata.distributions() if is_ours(metadata_folder(dist).name)]
    if not any(entry.name == PLUGIN_NAME and is_ours(entry.value) for entry in entries):
        text = f"In this folder {metadata_folder(ours[0])} hides the plugin from `python -m vllm…`."
        yield WARNING, text, f"delete {metadata_folder(ours[0])}, or go to another folder"


def imports_another(package: str, usual: Source, here: Source) -> Finding:
    cure = "go to another folder"
    if here.empty:
        text = f"Python in this folder takes {here.folder}, which has no __init__.py, for the "
        text += f"package {package}: `python -m vllm…` cannot use that. The command vllm imports "
        text += f"{usual.folder}."
        return WARNING, text, f"{cure}, or {install()}" if package == PACKAGE else cure
    text = f"The command vllm imports {usual.folder}, but Python in this folder {here.folder}."
    if package == PACKAGE:
        cure += f", or {install('-e', here.folder.parent)}"
    return WARNING, text, cure
