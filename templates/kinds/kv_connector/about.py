
# What kv_connector in --kv-transfer-config names. One more line and its module are one more.
KV_CONNECTORS = {
    "{{ cookiecutter.registered_name }}": "kv_connector:{{ class_of("kv_connector") }}",
}
