
# What config.json gives as architecture. One more line and its module are one more model.
ARCHITECTURES = {
    "{{ class_of("model") }}": "model:{{ class_of("model") }}",
}
# What config.json gives as model_type: its HF config class, or None if transformers or vLLM has one.
MODEL_TYPES: dict[str, str | None] = {
    "{{ cookiecutter.registered_name }}": {{ '"config:Config"' if cookiecutter | own_model_type else "None" }},
}
