{%- set supported %}{% include "supported_vllm.txt" %}{% endset -%}
{%- set own_start = "kinds/" ~ cookiecutter.model_kind ~ "/oldest_vllm.txt" -%}
{%- set oldest %}{% include [own_start, "supported_vllm.txt"] %}{% endset -%}
"""The facts of this plugin, each stated once: register(), setup.py, tests and CI read them here."""

# The entry point's name, which is what an operator writes into VLLM_PLUGINS.
PLUGIN_NAME = {{ cookiecutter.plugin_name | python_string }}
# What a checkpoint's config.json gives as architecture, and the class in model.py that runs it.
ARCHITECTURE = {{ cookiecutter.architecture | python_string }}
# What a checkpoint's config.json gives as model_type, which leads to the class in config.py.
MODEL_TYPE = {{ cookiecutter.model_type | python_string }}
# The range of vLLM releases in which this package's tests were seen green.
OLDEST_VLLM = "{{ oldest.split() | first }}"
NEWEST_VLLM = "{{ supported.split() | last }}"
