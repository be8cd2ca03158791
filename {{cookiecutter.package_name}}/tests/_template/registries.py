"""The registries in which this package registers something, as its tests need them."""

from typing import Any

{% set found = modules("test_registries") | sort -%}
{{ import_from("_template", found) }}

# By what a name in the registry is called.
REGISTRIES: dict[str, Any] = {
{%- for module in found %}
    **{{ module }}.REGISTRIES,
{%- endfor %}
}
