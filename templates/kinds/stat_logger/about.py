
# The name that VLLM_PLUGINS must let in, and the class. One more line, with a name of its own, its
# module and a reinstall are one more stat logger: vLLM finds the class by the entry point that
# setup.py makes of the line.
STAT_LOGGERS = {
    PLUGIN_NAME: "stat_logger:{{ class_of("stat_logger") }}",
}
