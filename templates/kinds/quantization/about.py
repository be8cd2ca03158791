
# What --quantization, or quant_method in config.json, names. One more line and its module are one more.
QUANTIZATION_METHODS = {
    "{{ cookiecutter.registered_name }}": "quantization:{{ class_of("quantization") }}",
}
