"""All metadata of this package but its name; what vLLM needs to know too stands in about.py."""

import warnings
from pathlib import Path
from runpy import run_path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
PACKAGE = "{{ cookiecutter.package_name }}"
# Run as a file, so that building the package does not need to import it.
about = run_path(str(HERE / PACKAGE / "about.py"))

# setuptools drops what pyproject.toml does not list under dynamic, and pip hides its warning.
warnings.filterwarnings("error", r"`\S+` defined outside of `pyproject.toml` is ignored")

setup(
    version="0.1.0",
    description={{ cookiecutter.description | python_string }},
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author={{ cookiecutter.author_name | python_string }},
    author_email={{ cookiecutter.author_email | python_string }},
    url={{ cookiecutter.repository_url | python_string }},
    license_expression="{{ cookiecutter.license | spdx }}",
    classifiers={{ cookiecutter.license | classifiers }},
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    # Stated, the default makes an editable install put this folder on sys.path. Without it, Python
    # would take this folder for an empty package when it is started in the folder above.
    package_dir={"": "."},
    python_requires=">=3.10",
    # No dependencies: pip must not replace the vLLM that this plugin is installed into.
    extras_require={
        "vllm": [f"vllm>={about['OLDEST_VLLM']},<={about['NEWEST_VLLM']}"],
        "test": {{ tests_need() }},
    },
    entry_points={
        # group: plugin name = plugin value
        "vllm.general_plugins": [f"{about['PLUGIN_NAME']} = {PACKAGE}:register"],
{%- for table, of in tables().items() if of.group and not of.function %}
        "{{ of.group }}": [
            f"{name} = {PACKAGE}.{{ of.entry }}" for name, value in about["{{ table }}"].items()
        ],
{%- endfor %}
{%- for of in tables().values() if of.function %}
        "{{ of.group }}": [f"{about['PLUGIN_NAME']} = {PACKAGE}.{{ of.function }}"],
{%- endfor %}
    },
)
