
# The names under which vLLM keeps the LoRA resolvers. One more line and its module are one more.
LORA_RESOLVERS = {
    "{{ cookiecutter.registered_name }}": "lora_resolver:{{ class_of("lora_resolver") }}",
}
