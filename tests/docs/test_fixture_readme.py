"""The fixture engine's README says what the engine is and does."""

import json
import os
import re
import sys

import pytest
from documents import ENGINE, NUMBERS, read, words_of
from shared.rendering import SUPPORTED_VLLM, result_of, run


def fixture_readme() -> str:
    return (ENGINE / "README.md").read_text(encoding="utf-8")


ASK = """
import inspect, json, vllm
from vllm.fixture import start_engine
print(json.dumps([
    vllm.__version__, list(vllm.ModelRegistry.get_supported_archs()),
    str(inspect.signature(start_engine)), list(start_engine()[0]),
]))
"""


@pytest.fixture(scope="module")
def fixture_facts() -> list:
    settings = os.environ | {"PYTHONPATH": str(ENGINE)}
    return json.loads(run(sys.executable, "-c", ASK, env=settings).stdout)


def test_the_fixture_engine_says_which_vllm_it_stands_in_for(fixture_facts):
    newest = SUPPORTED_VLLM[-1]
    assert fixture_facts[0] == newest
    [named] = re.findall(r"the part of vLLM (\S+) that loads plugins", fixture_readme())
    assert named == newest.rpartition(".")[0]


def test_the_fixture_engine_counts_its_architectures(fixture_facts):
    [(number, names)] = re.findall(r"^\| (\w+) in-tree names \((.+?)\)", fixture_readme(), re.M)
    assert re.findall(r"`(\w+)`", names) == fixture_facts[1]
    assert number == NUMBERS[len(fixture_facts[1])].capitalize()
    [count] = re.findall(r"\| About (\d+), with models\.", fixture_readme())
    taken = len(read("taken_names", "architectures.txt").split())
    assert int(count) == round(taken, -2)


def test_the_fixture_engine_says_how_it_is_started_and_what_it_reports(fixture_facts):
    text = words_of(fixture_readme())
    signature = fixture_facts[2].partition(" ->")[0].replace("'", '"')
    assert f"`vllm.fixture.start_engine{signature}`" in text
    listed = text.partition("as JSON: ")[2].partition(" Logs and prints")[0]
    assert re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", listed)) == fixture_facts[3]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--workers", "1"], 0),
        (["--workers", "64", "--help"], 0),
        (["--architecture", "Unknown"], 1),
        (["--workers", "0"], 2),
        (["--workers", "65"], 2),
    ],
)
def test_the_fixture_engine_ends_with_the_status_that_is_written(options, status):
    text = words_of(fixture_readme())
    assert (
        "Exit status: 0; 1 if the engine did not start, with the reason in the last line; " in text
    )
    assert "2 for wrong options" in text
    assert "An engine core and 1 to 64 workers start" in text
    settings = os.environ | {"PYTHONPATH": str(ENGINE)}
    command = [sys.executable, "-m", "vllm.fixture", *options]
    result = result_of(*command, env=settings)
    assert result.returncode == status
    if status == 1:
        assert "are not supported for now" in result.stderr.splitlines()[-1]


def test_the_command_of_the_fixture_engines_readme_runs(project):
    [command] = re.findall(r"^    PYTHONPATH=(\S+) python (-m .+)$", fixture_readme(), re.M)
    path, arguments = command
    settings = os.environ | {"PYTHONPATH": str(project / path)}
    result = run(sys.executable, *arguments.split(), env=settings, cwd=project)
    assert len(json.loads(result.stdout)) == 4
