"""The commands that install this package again, or uninstall one, with what is here."""

import contextlib
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from .findings import command

HERE = Path(__file__).resolve().parents[1]
PACKAGE = HERE.name


def install(*what: object) -> str:
    """Return the command that installs something: without an argument, this package again."""
    return pip("install", *(what or ("--force-reinstall", project_of(HERE) or PACKAGE)))


def uninstall(*names: str) -> str:
    return pip("uninstall", *names)


def pip(action: str, *arguments: object) -> str:
    """Return a command of pip for this Python: uv's, if only that is here."""
    with_pip = command(sys.executable, "-m", "pip", action, *arguments)
    if find_spec("pip"):
        return with_pip
    if shutil.which("uv"):
        return command("uv", "pip", action, "--python", sys.executable, *arguments)
    if find_spec("ensurepip"):
        return f"{command(sys.executable, '-m', 'ensurepip')} && {with_pip}"
    return f"install pip or uv, then {with_pip}"


def project_of(package: Path) -> Path | None:
    """Return the folder above a package that holds the project which builds it, if there is one."""
    # As setup.py and pyproject.toml give a name, and not as one among what is required.
    name = re.sub("[-_.]", "[-_.]", package.name)
    names = re.compile(rf"\b(?:name|package)\s*=\s*[\"']{name}[\"']", re.IGNORECASE)
    for folder in package.parents:
        for file in (folder / "setup.py", folder / "pyproject.toml"):
            with contextlib.suppress(OSError):
                if names.search(file.read_text("utf-8", errors="replace")):
                    return folder
    return None
