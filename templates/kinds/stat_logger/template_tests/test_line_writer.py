"""Lines are written by a thread, and what cannot be written is logged once and disturbs nothing."""

import json
import resource
import subprocess
import sys
import threading

import pytest

from {{ cookiecutter.package_name }} import _line_writer
from {{ cookiecutter.package_name }}._line_writer import LineWriter
from {{ cookiecutter.package_name }}._stat_loggers import FOLDER


def line_of(number, thread=None) -> dict:
    return {"number": 1 / number, "thread": thread or threading.current_thread().name}


def numbers_in(file) -> list[float]:
    return [json.loads(line)["number"] for line in file.read_text().splitlines()]


def test_each_thing_is_one_line_in_order_written_by_another_thread(tmp_path, log):
    writer = LineWriter(tmp_path / "new" / "lines", line_of)
    for number in range(1, 1001):
        writer.put(number)
    writer.close()
    assert numbers_in(writer.file) == [1 / number for number in range(1, 1001)]
    assert threading.current_thread().name not in writer.file.read_text()
    assert log == []


def test_what_was_there_stays_and_a_file_that_was_moved_away_begins_anew(tmp_path):
    (tmp_path / "lines").write_text('{"number": 0}\n')
    for folder in ("there", "moved"):
        writer = LineWriter(tmp_path / "lines", line_of)
        writer.put(1)
        writer.close()
        (tmp_path / "lines").rename(tmp_path / folder)
    assert numbers_in(tmp_path / "there") == [0, 1]
    assert numbers_in(tmp_path / "moved") == [1]


def test_a_line_that_cannot_be_made_is_logged_once_and_the_others_are_written(tmp_path, log):
    writer = LineWriter(tmp_path / "lines", line_of)
    for thing in ((1,), (0,), (0,), (2, object()), (4,)):
        writer.put(*thing)
    writer.close()
    assert numbers_in(writer.file) == [1, 1 / 4]
    first, last = (record.getMessage() for record in log)
    assert "a line cannot be made: ZeroDivisionError" in first
    assert "Cure: repair " in first and "line_of()" in first
    assert "3 lines were lost" in last


def test_a_folder_that_cannot_be_written_is_named_at_once_and_only_once(tmp_path, log):
    (tmp_path / "no folder").touch()
    file = tmp_path / "no folder" / "lines"
    # Nothing was put yet.
    LineWriter(file, line_of).close()
    [record] = log
    assert f"{file}: it cannot be written: " in record.getMessage()
    assert f"name another folder in {FOLDER}" in record.getMessage()
    writer = LineWriter(file, line_of)
    writer.put(1)
    writer.close()
    assert [each.getMessage().partition(f"{file}: ")[2] for each in log[1:]] == [
        "at least 1 lines were lost."
    ]


def test_of_a_line_for_which_the_disk_has_no_room_nothing_stays(tmp_path, monkeypatch):
    said = []
    # What the log prints would have no room either.
    monkeypatch.setattr(_line_writer, "say_once", lambda *what: said.append(what[-1]))
    writer = LineWriter(tmp_path / "lines", line_of)
    writer.put(1, "a")
    writer.close()
    before = writer.file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, limits[1]))
    try:
        for text in (b"far too long", b"1234\n"):
            try:
                _line_writer.append(writer.file, text)
            except OSError as error:
                said.append(error.filename)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert writer.file.read_bytes() == before + b"1234\n"
    assert said == [None]


class Held:
    """Makes lines, the first of them when it is let go."""

    def __init__(self):
        self.begun, self.let_go = threading.Event(), threading.Event()

    def line_of(self, number) -> dict:
        self.begun.set()
        self.let_go.wait(10)
        return line_of(number)


def test_while_the_disk_hangs_nobody_waits_and_no_memory_fills(tmp_path, monkeypatch, log):
    monkeypatch.setattr(_line_writer, "MOST_WAITING", 3)
    held = Held()
    writer = LineWriter(tmp_path / "lines", held.line_of)
    writer.put(1)
    assert held.begun.wait(60)
    for number in range(2, 12):
        writer.put(number)
    assert len(log) == 1
    held.let_go.set()
    writer.close()
    assert numbers_in(writer.file) == [1, 1 / 2, 1 / 3, 1 / 4]
    first, last = (record.getMessage() for record in log)
    assert "so many lines wait that no more are taken" in first
    assert "7 lines were lost" in last


AT_THE_END = """
import sys, time
from pathlib import Path
from {package}._line_writer import LineWriter
writer = LineWriter(Path(sys.argv[1]), lambda number: time.sleep(0.01) or dict(number=number))
for number in range(20):
    writer.put(number)
"""


@pytest.mark.parametrize("ending", ["", "sys.exit(3)"], ids=["returns", "exits"])
def test_a_process_that_ends_writes_what_waits(tmp_path, ending):
    script = AT_THE_END.format(package=_line_writer.__package__) + ending
    command = [sys.executable, "-c", script, str(tmp_path / "lines")]
    assert subprocess.run(command, timeout=120).returncode == (3 if ending else 0)
    assert numbers_in(tmp_path / "lines") == list(range(20))
