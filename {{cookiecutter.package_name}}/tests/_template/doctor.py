"""Runs the doctor as its users do."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

{% set found = modules("test_settings") | sort -%}
{{ import_from("_template", found) ~ "\n\n" if found -}}
from {{ cookiecutter.package_name }} import about

PACKAGE = about.__name__.partition(".")[0]
# Each writes what a part needs below a folder, and returns the environment variables for it.
SETTINGS: list[Callable[[Path], dict[str, str]]] = [
{%- for module in found %}
    {{ module }}.settings_in,
{%- endfor %}{{ "\n" if found }}]


def run_doctor(folder, *arguments, **settings) -> tuple[int, dict[str, list[str]]]:
    """Run the doctor in a folder; return its exit status, and what it found, by level."""
    command = [sys.executable, "-m", PACKAGE, *arguments, "--json"]
    environment = dict(os.environ)
    for settings_in in SETTINGS:
        environment |= settings_in(folder)
    environment |= settings
    result = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, timeout=600
    )
    found: dict[str, list[str]] = {}
    for finding in json.loads(result.stdout):
        # On the fixture engine a step of register() may be left out, and the doctor says so.
        if "this needs a real vLLM" in finding["found"]:
            continue
        # That the vLLM here is untested is for one test alone to fail for.
        if finding["level"] == "warning" and "; tested: " in finding["found"]:
            continue
        found.setdefault(finding["level"], []).append(finding["found"])
    return result.returncode, found
