"""Which layers are quantized, by their names. Needs neither vLLM nor torch, so that tests are fast.

A layer of a checkpoint is called as its weight without ".weight", and a layer of the model as vLLM
calls it. The model may hold several layers of a checkpoint as one: q_proj, k_proj and v_proj are
its qkv_proj.
"""

from collections.abc import Iterable, Mapping, Sequence

# What --quantization and config.json name, as about.py does.
QUANT_METHOD = "{{ cookiecutter.registered_name }}"
# The key in config.json for the layers that stay as they are.
LEFT_OUT = "modules_to_not_convert"
# The linear layers that quantize_checkpoint.py quantizes, by the last part of their names.
QUANTIZED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def names_in_config(quantization_config: Mapping[str, object]) -> list[str]:
    """Return the layers that stay as they are, from the quantization_config in config.json.

    Raises ValueError for a setting that this quantization does not have.
    """
    unknown = sorted(quantization_config.keys() - {"quant_method", LEFT_OUT})
    if unknown:
        raise ValueError(
            f"quantization_config in config.json has {', '.join(unknown)}, and {QUANT_METHOD} has "
            f"only {LEFT_OUT}. Cure: leave out what it does not have, or implement it."
        )
    names = quantization_config.get(LEFT_OUT) or []
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise ValueError(
            f"{LEFT_OUT} in config.json is {names!r}. Cure: write a list of the names of layers."
        )
    return names


def is_left_out(
    layer: str, names: Iterable[str], packed: Mapping[str, Sequence[str]] | None = None
) -> bool:
    """Tell whether a layer of the model stays as it is.

    Each of ``names`` is a whole name, or some parts of one: "mlp" and "layers.0" stand for all that
    is in them. ``packed`` has the layers of a checkpoint that the model holds as one, as
    {"qkv_proj": ["q_proj", "k_proj", "v_proj"]}. Raises ValueError if only some of them are named.
    """
    names = list(names)
    parent, _, last = layer.rpartition(".")
    parts = [f"{parent}.{part}" for part in (packed or {}).get(last, [])]
    if is_named(layer, names) or not parts:
        return is_named(layer, names)
    named = [part for part in parts if is_named(part, names)]
    if named and named != parts:
        raise ValueError(
            f"{LEFT_OUT} names {', '.join(named)}, and vLLM holds it together with "
            f"{', '.join(part for part in parts if part not in named)}. Cure: name all or none of "
            "them, and write the checkpoint anew."
        )
    return bool(named)


def is_named(layer: str, names: Iterable[str]) -> bool:
    """Tell whether one of ``names`` is a layer's name, or some parts of it in a row."""
    return any(f".{name}." in f".{layer}." for name in names)


def layers_to_quantize(
    shapes: Mapping[str, Sequence[int]], names: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Return the layers of a checkpoint to quantize, and those to leave as they are.

    ``shapes`` has the shape of each tensor in the checkpoint, and ``names`` what is to be left out.
    Embeddings, experts and all that is no matrix are left as they are too. Raises ValueError for a
    name that no layer has.
    """
    layers = [
        name.removesuffix(".weight")
        for name, shape in shapes.items()
        if name.endswith(".weight") and len(shape) == 2
    ]
    names = list(names)
    wrong = [name for name in names if not any(is_named(layer, [name]) for layer in layers)]
    if wrong:
        raise ValueError(
            f"No layer of the checkpoint is called {', '.join(wrong)}. Cure: use names as they are "
            f"in it, such as {layers[-1] if layers else 'lm_head'}."
        )
    chosen = [
        layer
        for layer in layers
        if layer.rpartition(".")[2] in QUANTIZED and not is_named(layer, [*names, "experts"])
    ]
    return chosen, [layer for layer in layers if layer not in chosen]


def problem_with_tensors(
    quantization_config: Mapping[str, object] | None, dtypes: Mapping[str, str]
) -> str:
    """Say why config.json does not fit what the files of weights hold; "" if it does.

    ``dtypes`` has the type of each tensor as safetensors calls it, such as "I8" and "F32".
    Raises ValueError for a setting that this quantization does not have.
    """
    scaled = {name.removesuffix("_scale") for name in dtypes if name.endswith(".weight_scale")}
    held = {name.removesuffix(".weight") for name in scaled if dtypes.get(name) == "I8"}
    if quantization_config is None:
        return f"holds {shown(held)} in int8, and config.json does not say so" if held else ""
    names = names_in_config(quantization_config)
    expected = {
        layer
        for layer in (name.removesuffix(".weight") for name in dtypes if name.endswith(".weight"))
        if layer.rpartition(".")[2] in QUANTIZED and not is_named(layer, [*names, "experts"])
    }
    if expected - held:
        return f"does not hold {shown(expected - held)} in int8 with scales, as config.json says"
    if held - expected:
        return f"holds {shown(held - expected)} in int8, and {LEFT_OUT} in config.json names it"
    return ""


def shown(layers: set[str]) -> str:
    """Return the first of some names, and how many more there are."""
    first, *more = sorted(layers)
    return f"{first} and {len(more)} more" if more else first
