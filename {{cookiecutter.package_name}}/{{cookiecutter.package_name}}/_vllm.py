"""Asks the installed vLLM for its version, and for the owner of a name. No need to edit it."""

import logging
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

{% set names = tables() -%}
{%- set lines = ["from ._safety import say_once"] -%}
{%- for module, group in names.values() | groupby("module") %}{% set functions = group | map(attribute="what") | sort | join(", owner_of_") %}
{%- set _ = lines.append("from ." ~ module ~ " import owner_of_" ~ functions) %}{% endfor -%}
{{ lines | sort | join("\n") }}
{%- set grouped, ungated, opt_in = [], [], [] %}
{%- for of in names.values() if of.group %}
{%- set _ = grouped.append((of.what, of.group)) %}
{%- set _ = ungated.append(of.group) if not of.gated %}
{%- set _ = opt_in.append(of.group) if of.opt_in %}
{%- endfor %}
{{ import_from(".about", (names | list) + ["NEWEST_VLLM", "OLDEST_VLLM", "PLUGIN_NAME"]) }}


class Entry(NamedTuple):
    """One line of a table in about.py.

    ``reference`` is "module:Class" in this package; None if the class is somebody else's. ``group``
    is that of the entry points by which vLLM finds the class; "" if register() makes it known.
    """

    what: str
    name: str
    reference: str | None
    group: str = ""

    @property
    def title(self) -> str:
        return f"{self.what} {self.name}"

    @property
    def gated(self) -> bool:
        """Tell whether VLLM_PLUGINS can keep it out."""
        return self.group not in UNGATED

    @property
    def opt_in(self) -> bool:
        """Tell whether vLLM finds it only where VLLM_PLUGINS names it."""
        return self.group in OPT_IN

    def owner(self) -> str | None:
        """Return "package.module:Class" of what has the name in this process, None if nobody."""
        return OWNERS[self.what](self.name)


TABLES: dict[str, Mapping[str, str | None]] = {
{%- for table, of in names.items() %}
    "{{ of.what }}": {{ table }},
{%- endfor %}
}
OWNERS: dict[str, Callable[[str], str | None]] = {
{%- for of in names.values() %}
    "{{ of.what }}": owner_of_{{ of.what }},
{%- endfor %}
}
# For the tables whose classes vLLM finds by entry points of their own, the groups of these.
GROUPS: dict[str, str] = {
{%- for what, group in grouped %}
    "{{ what }}": "{{ group }}",
{%- endfor %}{{ "\n" if grouped }}}
# The groups that VLLM_PLUGINS does not decide about.
UNGATED: list[str] = [{{ ungated | map("python_string") | join(", ") }}]
# Those of which vLLM loads only what VLLM_PLUGINS names.
OPT_IN: list[str] = [{{ opt_in | map("python_string") | join(", ") }}]


def entries() -> list[Entry]:
    """Return every line of every table in about.py."""
    return [
        Entry(what, name, reference, GROUPS.get(what, ""))
        for what, table in TABLES.items()
        for name, reference in table.items()
    ]


def warn_if_untested() -> None:
    """Warn when this vLLM is older or newer than those that this plugin was tested with."""
    import vllm

    version = str(getattr(vllm, "__version__", "of unknown version"))
    if not is_tested(version):
        say_once(
            logging.WARNING,
            "version",
            f"Plugin {PLUGIN_NAME} is tested with vLLM {OLDEST_VLLM} to {NEWEST_VLLM}, and this is "
            f"{version}. It may work. Cure: run the plugin's tests with this vLLM, or install a "
            "tested one.",
        )


def is_tested(version: str) -> bool:
    """Tell whether a version of vLLM lies in the range that about.py states."""
    return _release(OLDEST_VLLM) <= _release(version) <= _release(NEWEST_VLLM)


def _release(version: str) -> tuple[int, ...]:
    """Return (1, 2, 3) for "1.2.3", and for "1.2.3rc1+cpu"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
