"""The stat logger writes one line about each request, into the file of its engine."""

import json
import time
from pathlib import Path

from vllm.v1.engine import FinishReason
from vllm.v1.metrics.loggers import PerEngineStatLoggerAdapter
from vllm.v1.metrics.stats import FinishedRequestStats, IterationStats, SchedulerStats

from {{ cookiecutter.package_name }} import stat_logger
from {{ cookiecutter.package_name }}._stat_loggers import FOLDER

STAT_LOGGER = stat_logger.{{ class_of("stat_logger") }}
SECONDS = 60


def a_step(*request_ids: str) -> IterationStats:
    """Return what vLLM tells of one step of an engine, in which some requests have finished."""
    step = IterationStats()
    step.finished_requests = [FinishedRequestStats(FinishReason.STOP, each) for each in request_ids]
    return step


def written(folder: Path, count: int) -> dict[int, list[str]]:
    """Wait for so many lines; return the ids of the requests, by engine, in their order."""
    for _ in range(SECONDS * 100):
        texts = {file: file.read_text() for file in folder.glob("*.jsonl")}
        if sum(text.count("\n") for text in texts.values()) >= count:
            break
        time.sleep(0.01)
    lines = {file: [json.loads(line) for line in text.splitlines()] for file, text in texts.items()}
    engines = {file: int(file.stem.rpartition("-")[2]) for file in lines}
    return {engines[file]: [line["request_id"] for line in lines[file]] for file in lines}


def test_each_request_is_one_line_in_the_file_of_its_engine(monkeypatch, tmp_path):
    folder = tmp_path / "made" / "for it"
    monkeypatch.setenv(FOLDER, str(folder))
    # As vLLM makes it, for an API server with two engines.
    vllms = PerEngineStatLoggerAdapter(None, [0, 1], STAT_LOGGER)
    before = time.time()
    vllms.record(SchedulerStats(), a_step("a", "b"), engine_idx=0)
    vllms.record(SchedulerStats(), None, engine_idx=0)
    vllms.record(None, a_step("c"), engine_idx=1)
    vllms.record(SchedulerStats(), a_step(), engine_idx=1)
    vllms.record(None, a_step("d"), engine_idx=0)
    assert written(folder, 4) == {0: ["a", "b", "d"], 1: ["c"]}
    [text] = [file.read_text() for file in folder.glob("*-1.jsonl")]
    assert before <= json.loads(text)["time"] <= time.time()
