
# What --tool-call-parser names. One more line and its module are one more tool parser.
TOOL_PARSERS = {
    "{{ cookiecutter.registered_name }}": "tool_parser:{{ class_of("tool_parser") }}",
}
