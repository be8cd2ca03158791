"""What looks at each part of this package: in a new process, and at a checkpoint."""
{% set found = modules("doctor") | sort %}
{{ import_from(".", found) }}

PARTS = [
{%- for module in found %}
    {{ module }},
{%- endfor %}
]
