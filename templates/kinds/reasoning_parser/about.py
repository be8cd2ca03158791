
# What --reasoning-parser names. One more line and its module are one more reasoning parser.
REASONING_PARSERS = {
    "{{ cookiecutter.registered_name }}": "reasoning_parser:{{ class_of("reasoning_parser") }}",
}
