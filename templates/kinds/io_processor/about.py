
# What --io-processor-plugin, or io_processor_plugin in config.json, names. One more line, its module
# and a reinstall are one more: setup.py makes an entry point of each line. VLLM_PLUGINS, if it is set,
# must hold the names in this table too.
IO_PROCESSORS = {
    "{{ cookiecutter.registered_name }}": "io_processor:{{ class_of("io_processor") }}",
}
