"""Check all answers once more, should the checks behind the questions have been overridden."""

import sys

PROBLEMS = [
{%- for problem in cookiecutter | problems %}
    {{ problem | python_string }},
{%- endfor %}
]

if PROBLEMS:
    sys.exit("\n".join(f"Error: {problem}" for problem in PROBLEMS))
