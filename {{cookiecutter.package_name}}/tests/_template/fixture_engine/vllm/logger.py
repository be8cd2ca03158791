"""Stands for ``vllm.logger``: only "vllm" and the loggers below it get a handler, and late.

The engine core and the workers configure it before they load plugins, the front end after:
there, INFO from a plugin's register() is lost and a warning reaches standard error bare.
Leaves out ``info_once`` and its kin, colours, files, and every setting but the level."""

import logging
import os
import sys

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
init_logger = logging.getLogger


def configure_logging() -> None:
    """Show the logger "vllm" on standard output, from VLLM_LOGGING_LEVEL (INFO) up."""
    origin = "(%(processName)s pid=%(process)d) %(levelname)s %(asctime)s"
    line = f"{origin} [%(filename)s:%(lineno)d] %(message)s"
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(line, "%m-%d %H:%M:%S"))
    logger = logging.getLogger("vllm")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(os.environ.get("VLLM_LOGGING_LEVEL", "INFO").upper())
