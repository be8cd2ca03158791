{%- set supported %}{% include "shared/supported_vllm.txt" %}{% endset -%}
"""The facts of this plugin, each stated once: register(), setup.py, tests and CI read them here.

Each table names what this plugin adds to vLLM, as name: "module:Class" in this package.
"""

# The entry point's name, which operators write into VLLM_PLUGINS.
PLUGIN_NAME = {{ cookiecutter.plugin_name | python_string }}
# The range of vLLM releases on which this package's tests have passed.
OLDEST_VLLM = "{{ cookiecutter | oldest_vllm }}"
NEWEST_VLLM = "{{ supported.split() | last }}"
{% for fragment in fragments("about.py") %}{% include fragment %}{% endfor -%}
