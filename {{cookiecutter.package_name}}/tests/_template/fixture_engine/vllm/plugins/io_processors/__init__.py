"""Stands for ``vllm.plugins.io_processors``: which IO processor is made, if one is asked for."""

import importlib
import logging

from vllm._lacking import lacking_in
from vllm.plugins import IO_PROCESSOR_PLUGINS_GROUP, load_plugins_by_group

__getattr__ = lacking_in(__name__)
logger = logging.getLogger(__name__)


def get_io_processor(vllm_config, renderer, plugin_from_init=None):
    """Make the IO processor that was asked for when vLLM started, or else by config.json.

    ValueError if nobody has it. What its import raises passes through."""
    in_config_json = vllm_config.model_config.hf_config.to_dict().get("io_processor_plugin")
    name = plugin_from_init or in_config_json
    if name is None:
        return None
    places = {}
    # All that are installed are asked where their classes are.
    for each, function in load_plugins_by_group(IO_PROCESSOR_PLUGINS_GROUP).items():
        try:
            if (place := function()) is not None:
                places[each] = place
        except Exception:
            logger.warning("Failed to load plugin %s.", each, exc_info=True)
    if not places:
        raise ValueError(f"No IOProcessor plugins installed but one is required ({name}).")
    if name not in places:
        missing = f"The model requires the '{name}' IO Processor plugin but it is not installed."
        raise ValueError(f"{missing} Available plugins: {list(places)}")
    module, class_name = places[name].rsplit(".", 1)
    # What is found there is not checked.
    return getattr(importlib.import_module(module), class_name)(vllm_config, renderer)
