
# Each name is that of an entry point, which VLLM_PLUGINS must name: vLLM loads an endpoint only then.
# One more line, its module and a reinstall are one more endpoint; most need but one more route.
ENDPOINTS = {
    PLUGIN_NAME: "endpoint:{{ class_of("endpoint") }}",
}
