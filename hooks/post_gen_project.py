"""Print the next three commands, as they must be typed."""

import os
import shlex
from pathlib import Path

PROJECT = Path.cwd()
# `cruft update` and `cruft diff` render into a temporary folder: no place to send somebody.
RENDERED_BY_CRUFT = "{{ cookiecutter._commit is defined }}" == "True"
PLUGIN_NAME = "{{ cookiecutter.plugin_name }}"
THROWN_AWAY = RENDERED_BY_CRUFT and PROJECT.parent.name.startswith("tmp")


def where_to_go() -> str:
    """Return the project's path, or its name alone if the shell is in the folder that holds it."""
    # PWD is the shell's word for where it is: missing, relative or out of date, it is no help.
    start = Path(os.environ.get("PWD", ""))
    beside = start.is_absolute() and start.is_dir() and start.samefile(PROJECT.parent)
    return PROJECT.name if beside else str(PROJECT)


if not THROWN_AWAY:
    if PLUGIN_NAME == "register_dummy_model":
        print(
            "Warning: plugin_name = 'register_dummy_model' is the name in vLLM's documentation, and"
        )
        print(
            "in public copies of it. Of two packages with one plugin name vLLM loads one, silently."
        )
    print("The plugin is ready. The next three commands install and test it:")
    print(f"    cd {shlex.quote(where_to_go())}")
    print("    python3 -m venv .venv && .venv/bin/pip install -e '.[test]'")
    print("    .venv/bin/pytest")
