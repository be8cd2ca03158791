"""Print the next three commands, as they must be typed."""

import os
import shlex
from pathlib import Path

PROJECT = Path.cwd()
# What `cruft update` renders is compared and thrown away: no place to send somebody.
RENDERED_BY_CRUFT_UPDATE = PROJECT.parent.name in {"current_template", "new_template"}


def where_to_go() -> str:
    """Return the project's path as seen from where cookiecutter was started, if that is known."""
    start = os.environ.get("PWD", "/")
    return str(PROJECT.relative_to(start) if PROJECT.is_relative_to(start) else PROJECT)


if not RENDERED_BY_CRUFT_UPDATE:
    print("The plugin is ready. The next three commands install and test it:")
    print(f"    cd {shlex.quote(where_to_go())}")
    print("    python3 -m venv .venv && .venv/bin/pip install -e '.[test]'")
    print("    .venv/bin/pytest")
