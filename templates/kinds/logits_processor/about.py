
# What a request asks for in extra_args, or vllm_xargs. One more line, its module and a reinstall are
# one more logits processor: vLLM finds its class by the entry point that setup.py makes of the line.
LOGITS_PROCESSORS = {
    "{{ cookiecutter.registered_name }}": "logits_processor:{{ class_of("logits_processor") }}",
}
