"""Stands for ``vllm.plugins``: which entry points run in a process, and what a failure does."""

import logging
import os
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
logger = logging.getLogger(__name__)

DEFAULT_PLUGINS_GROUP = "vllm.general_plugins"
STAT_LOGGER_PLUGINS_GROUP = "vllm.stat_logger_plugins"
ENDPOINT_PLUGINS_GROUP = "vllm.endpoint_plugins"
IO_PROCESSOR_PLUGINS_GROUP = "vllm.io_processor_plugins"
PLATFORM_PLUGINS_GROUP = "vllm.platform_plugins"
# A forked child inherits this together with the registry: plugins do not run there again.
plugins_loaded = False
called_plugins: list[str] = []  # The fixture's own, for the reports of vllm.fixture.


def load_plugins_by_group(group: str) -> dict[str, Callable]:
    """Import, but do not call, the plugins of ``group`` that VLLM_PLUGINS allows, by name."""
    # Compared as they stand: "a, b" allows "a" and " b"; "" allows a plugin without a name.
    allowed = os.environ["VLLM_PLUGINS"].split(",") if "VLLM_PLUGINS" in os.environ else None
    discovered = entry_points(group=group)
    if not discovered:
        logger.debug("No plugins for group %s found.", group)
        return {}
    log = logger.debug if group == DEFAULT_PLUGINS_GROUP else logger.info
    log("Available plugins for group %s:", group)
    for plugin in discovered:
        log("- %s -> %s", plugin.name, plugin.value)
    if allowed is None:
        hint = "Set `VLLM_PLUGINS` to control which plugins to load."
        log("All plugins in this group will be loaded. %s", hint)
    plugins = {}
    for plugin in discovered:
        if allowed is not None and plugin.name not in allowed:
            continue
        if allowed is not None:
            log("Loading plugin %s", plugin.name)
        try:
            # Of two plugins with one name the later wins, without a word.
            plugins[plugin.name] = plugin.load()
        except Exception:
            logger.exception("Failed to load plugin %s", plugin.name)
    return plugins


def load_general_plugins() -> None:
    """Import and call the general plugins, once per process. What one raises when called
    passes through, and those after it never run."""
    global plugins_loaded
    if plugins_loaded:
        return
    plugins_loaded = True
    for name, register in load_plugins_by_group(DEFAULT_PLUGINS_GROUP).items():
        register()
        called_plugins.append(name)


def load_endpoint_plugins(supported_tasks: tuple[str, ...] | None = None) -> list[Any]:
    """Make the endpoints that VLLM_PLUGINS names and that need no task but those supported."""
    if "VLLM_PLUGINS" not in os.environ:
        if names := [plugin.name for plugin in entry_points(group=ENDPOINT_PLUGINS_GROUP)]:
            text = "Found endpoint plugin(s) %s but VLLM_PLUGINS is not set."
            logger.warning(text, names)
        return []
    endpoints = []
    for name, factory in load_plugins_by_group(ENDPOINT_PLUGINS_GROUP).items():
        try:
            endpoint = factory()
        except Exception:
            logger.exception("Failed to instantiate endpoint plugin %s", name)
            continue
        required = endpoint.required_tasks
        if required is not None and not set(required) & set(supported_tasks or ()):
            text = "Skipping endpoint plugin %s: requires one of tasks %s, server supports %s"
            logger.info(text, name, required, supported_tasks)
            continue
        logger.info("Loaded endpoint plugin %s", name)
        endpoints.append(endpoint)
    return endpoints
