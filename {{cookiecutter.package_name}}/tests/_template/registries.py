"""What this package registers, and the registries for it, as its tests need them."""

from typing import Any

{% set found = modules("test_registries") | sort -%}
{{ import_from("_template", found) ~ "\n\n" if found -}}
import {{ cookiecutter.package_name }} as plugin
from {{ cookiecutter.package_name }}._vllm import entries

# The lines of about.py for which this package has a class, and that register() goes through.
OWN = [entry for entry in entries() if entry.reference and not entry.group]
OWNERS = {entry: f"{plugin.__name__}.{entry.reference}" for entry in OWN}
# What one name in each registry is called.
REGISTERED = sorted({entry.what for entry in OWN})
# By what a name in the registry is called.
REGISTRIES: dict[str, Any] = {
{%- for module in found %}
    **{{ module }}.REGISTRIES,
{%- endfor %}{{ "\n" if found }}}


def title(entry) -> str:
    return entry.title


def owners() -> dict:
    return {entry: entry.owner() for entry in OWN}
