"""Breaks of the rendered package, each of which its own tests must catch on the fixture engine.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_finished_request.py",
    "test_stat_logger.py",
    "_template/test_line_writer.py",
    "_template/test_stat_logger_interface.py",
]
LOGGER, WRITER, FILES = "stat_logger.py", "_line_writer.py", "_stat_loggers.py"
MUTATIONS = {
    "record() raises": (LOGGER, "except Exception", "except ZeroDivisionError"),
    "a step without output is none that can be read": (LOGGER, " if iteration_stats else ()", ""),
    "tokens of the prompt are counted as generated": (
        "finished_request.py",
        "finished.num_generation_tokens",
        "finished.num_prompt_tokens",
    ),
    "processes share a file": (FILES, "{os.getpid()}", "{os.name}"),
    "a line that cannot be made ends the thread": (
        WRITER,
        "except Exception as",
        "except ZeroDivisionError as",
    ),
    "half a line stays": (WRITER, "opened.truncate(size)", "opened.tell()"),
    "the output loop waits for the disk": (WRITER, "put_nowait(thing)", "put(thing)"),
    "the end of a process does not wait": (WRITER, "self._thread.join(PATIENCE)", "pass"),
}
