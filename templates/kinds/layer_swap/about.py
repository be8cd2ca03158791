
# The name of vLLM's class, and the class that stands in its place. One more line and its module are
# one more layer.
LAYERS = {
    "RMSNorm": "layer:{{ class_of("layer_swap") }}",
}
