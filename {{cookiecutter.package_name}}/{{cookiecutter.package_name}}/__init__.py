"""A vLLM plugin: vLLM calls ``register()`` in every process that it starts, before it works.

vLLM imports this package even to serve a model that has nothing to do with it. So importing it
must be cheap and harmless: vLLM, torch and transformers are imported inside functions only.
"""

from functools import partial

{% set names = tables() -%}
{%- set lines = ["from ._safety import attempt", "from ._vllm import warn_if_untested"] -%}
{%- for module, group in names.values() | groupby("module") %}{% set functions = group | map(attribute="what") | sort | join(", register_") %}
{%- set _ = lines.append("from ." ~ module ~ " import register_" ~ functions) %}{% endfor -%}
{{ lines | sort | join("\n") }}
{{ import_from(".about", names | list) }}


def register() -> None:
    """Make known to vLLM what about.py names. This function is the entry point's plugin value.

    Safe in any process, any number of times. Raises nothing, unless ``attempt`` is told to.
    """
    attempt(warn_if_untested)
{%- for table, of in names.items() %}
    for {{ of.what }}, {{ of.value }} in {{ table }}.items():
        attempt(partial(register_{{ of.what }}, {{ of.what }}, {{ of.value }}))
{%- endfor %}
