"""What a platform inherits beside vLLM's class: it says that it is used. No need to edit it."""

import logging
from multiprocessing import current_process

from ._safety import class_path, logger, say_once
from .about import PLUGIN_NAME


class Announced:
    """Says in the log, once in each process, that vLLM runs on it. Stands before vLLM's class."""

    def __init__(self) -> None:
        super().__init__()
        announce(type(self))

    @classmethod
    def log_warnings(cls) -> None:
        """Say it where vLLM, from 0.31 on, sets up its log only after it has made the platform."""
        # Older releases have no such method.
        getattr(super(), "log_warnings", list)()
        announce(cls)


def announce(platform: type) -> None:
    # Said before the log is set up, it would be lost, and not said again.
    if logger.isEnabledFor(logging.INFO):
        process = current_process().name
        path = class_path(platform)
        message = f"Plugin {PLUGIN_NAME}: the process {process} runs on the platform {path}."
        say_once(logging.INFO, "platform in use", message)
