"""What looks at each part of this package: in a new process, and at a checkpoint."""
{% set found = modules("doctor") | sort %}
from . import {{ found | join(", ") }}

PARTS = [{{ found | join(", ") }}]
