"""Says which stat loggers vLLM finds, and into which file one writes. No need to edit it."""

import os
from importlib.metadata import entry_points
from pathlib import Path
from socket import gethostname

GROUP = "vllm.stat_logger_plugins"
# This environment variable names the folder for the files. It does not start with VLLM_, since such
# names are vLLM's own.
FOLDER = f"STATS_OF_{(__package__ or '').upper()}"
# The folder where that is not set: in the one in which the server was started.
DEFAULT_FOLDER = "request_stats"


def owner_of_stat_logger(name: str) -> str | None:
    """Return "package.module:Class" of the stat logger with a name, or None.

    Of two with one name, vLLM makes the one that it finds last.
    """
    found = [entry.value for entry in entry_points(group=GROUP) if entry.name == name]
    return next(iter(found[::-1]), None)


def folder_of_stats() -> Path:
    return Path(os.environ.get(FOLDER) or DEFAULT_FOLDER).absolute()


def file_of(found: type, engine_index: int) -> Path:
    """Return the file of one stat logger: each process and each engine has its own.

    Several servers may share a folder. In containers they may also share their process id.
    """
    owner = f"{__package__}.{found.__qualname__}"
    return folder_of_stats() / f"{owner}-{gethostname()}-{os.getpid()}-{engine_index}.jsonl"
