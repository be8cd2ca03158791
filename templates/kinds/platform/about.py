
# What vLLM may run on: of those for which applies() in platform_choice.py says so, the first line's.
PLATFORMS = {
    "{{ cookiecutter.registered_name }}": "platform:{{ class_of("platform") }}",
}
