"""Refuses a config.json that asks for what the model does not do. No need to edit this file.

transformers keeps every setting of a config.json, also one that no code reads. Models of one layout
differ by such settings, and to ignore one of them gives wrong text, in silence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, ClassVar

# What transformers of any version writes into every config.json, what other tools leave there, and
# what vLLM itself reads. None of it changes what a model computes.
WRITTEN_BY_TOOLS = {
    *("architectures", "attn_implementation", "auto_map", "begin_suppress_tokens"),
    *("bos_token_id", "cls_token_id", "chunk_size_feed_forward", "compression_config"),
    *("custom_pipelines", "decoder_start_token_id", "dtype", "eos_token_id"),
    *("experts_implementation", "finetuning_task", "gradient_checkpointing", "id2label"),
    *("is_decoder", "label2id", "mask_token_id", "max_sequence_length", "model_max_length"),
    *("model_type", "name_or_path", "num_labels", "output_attentions", "output_hidden_states"),
    *("output_router_logits", "pad_token_id", "prefix", "problem_type", "quantization_config"),
    *("return_dict", "sep_token_id", "task_specific_params", "tf_legacy_loss"),
    *("tie_encoder_decoder", "tokenizer_class", "torch_dtype", "torchscript"),
    *("transformers.js_config", "transformers_version", "transformers_weights"),
    *("unsloth_fixed", "unsloth_version", "use_bfloat16", "use_cache", "use_return_dict"),
}
# What transformers makes rope_parameters of.
ROPE = ("rope_scaling", "rope_theta", "partial_rotary_factor")


class KnownSettings:
    """A config class inherits this first, to refuse what it has no field for.

    ``HARMLESS`` are the names of settings that change nothing. What is None, false, zero or empty
    asks for nothing. Raises ValueError, for config.json and for ``--hf-overrides`` alike.
    """

    HARMLESS: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self, **others: Any) -> None:
        common = {field.name: getattr(self, field.name) for field in common_fields()}
        refuse_unknown(self, common | others, self.HARMLESS)
        super().__post_init__(**others)  # type: ignore[misc]
        refuse_unknown_in_parts(self)

    def update(self, settings: dict[str, Any]) -> None:
        refuse_unknown(self, settings, self.HARMLESS)
        super().update(settings)  # type: ignore[misc]


def refuse_unknown_settings(config: Any) -> None:
    """Raise ValueError for what a config was given that is no field of its class.

    That is for a config class of transformers', and for what was written into a config later.
    """
    refuse_unknown(config, added_to(config), getattr(config, "HARMLESS", ()))
    refuse_unknown_in_parts(config)


def added_to(config: Any) -> dict[str, Any]:
    """Return what a config holds beside what its class has, as transformers' own attributes are."""
    return {name: value for name, value in vars(config).items() if not hasattr(type(config), name)}


def refuse_unknown_in_parts(config: Any) -> None:
    """Do the same for the configs in a config, such as that of a vision tower."""
    from transformers import PreTrainedConfig

    for name, part in vars(config).items():
        if isinstance(part, PreTrainedConfig):
            harmless = getattr(config, "HARMLESS", ())
            refuse_unknown(part, added_to(part), harmless, f"{name} in config.json")


def common_fields() -> tuple:
    """Return the fields that all config classes of transformers have."""
    from transformers import PreTrainedConfig

    return fields(PreTrainedConfig)


def refuse_unknown(
    config: Any, given: Mapping[str, Any], harmless: Iterable[str], where: str = "config.json"
) -> None:
    """Raise ValueError for a setting in ``given`` that is not a field of the class of ``config``.

    ``where`` is the place of the settings, such as a part of config.json with a class of its own.
    """
    from transformers import GenerationConfig

    own = {field.name for field in fields(config)} - {field.name for field in common_fields()}
    known = {*own, *type(config).attribute_map, *harmless, *WRITTEN_BY_TOOLS}
    known |= vars(GenerationConfig()).keys()
    known.update(ROPE if "rope_parameters" in own else ())
    unknown = [
        f"{name} = {value!r:.80}"
        for name, value in given.items()
        if is_set(value) and name not in known and not name.startswith("_")
    ]
    rope = given.get("rope_parameters") or getattr(config, "rope_parameters", None) or {}
    if "layer_types" not in own and any(isinstance(value, dict) for value in rope.values()):
        unknown.append("rope_parameters for each type of layer")
    if unknown:
        raise ValueError(
            f"{where} sets {', '.join(unknown)}, which this model does not implement. Cure: "
            "implement it in model.py, and make it a field of the class in config.py; or, if it "
            "changes nothing, add its name to HARMLESS there. Without a config.py, take it out of "
            "config.json."
        )


def is_set(value: Any) -> bool:
    """Tell whether a value asks for something. Attention in full does not, in no layer."""
    values = value if isinstance(value, list) else [value]
    return bool(value) and any(each != "full_attention" for each in values)
