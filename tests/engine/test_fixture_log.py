"""What the fixture engine logs, and how."""

import re

import pytest


def test_only_vllm_loggers_are_shown_and_only_once_configured(site):
    script = """
        import logging
        vllm.logger.configure_logging()
        for name in ("vllm.mine", "mine"):
            vllm.logger.init_logger(name).info("I am %s", name)
        print(logging.getLogger("vllm").propagate, logging.getLogger().handlers)
    """
    lines = site.succeeds(script).stdout.splitlines()
    assert lines[0].startswith("(MainProcess pid=")
    assert lines[0].endswith("] I am vllm.mine")
    assert lines[1:] == ["False []"]
    bare = site.succeeds(script.replace("vllm.logger.configure_logging()", ""))
    assert (bare.stdout, bare.stderr) == ("True []\n", "")


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (None, ["INFO", "WARNING", "ERROR"]),
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("debug", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("WARNING", ["WARNING", "ERROR"]),
        ("ERROR", ["ERROR"]),
    ],
)
def test_the_level_of_the_log_is_a_setting_and_info_without_it(site, level, shown):
    script = """
        # Twice, as by a child that is forked from one that has done so.
        vllm.logger.configure_logging()
        vllm.logger.configure_logging()
        logger = vllm.logger.init_logger("vllm.mine")
        for name in ("debug", "info", "warning", "error"):
            getattr(logger, name)("said")
    """
    settings = {} if level is None else {"VLLM_LOGGING_LEVEL": level}
    lines = site.succeeds(script, **settings).stdout.splitlines()
    form = r"\(MainProcess pid=\d+\) ([A-Z]+) \d\d-\d\d \d\d:\d\d:\d\d \[<string>:\d+\] said"
    matches = [re.fullmatch(form, line) for line in lines]
    assert [match and match[1] for match in matches] == shown, lines
