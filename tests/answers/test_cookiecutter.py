"""Which cookiecutter releases, replay files and template versions go together."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from asking import COOKIECUTTER
from shared.rendering import ROOT, read_about, result_of, run

# As `cruft update` does it: both versions from one folder, in one process.
TWO_VERSIONS = """
from pathlib import Path
from cookiecutter.main import cookiecutter

cookiecutter("template", no_input=True, output_dir="old")
rules = Path("template/answer_rules.py")
rules.write_text(rules.read_text().replace("LONGEST_TEXT = 300", "LONGEST_TEXT = 10"))
cookiecutter("template", no_input=True, output_dir="new")
"""


def test_each_version_of_the_template_has_its_own_rules(tmp_path):
    shutil.copytree(ROOT, tmp_path / "template", ignore=shutil.ignore_patterns(".*"))
    command = [sys.executable, "-c", TWO_VERSIONS]
    result = result_of(*command, cwd=tmp_path)
    assert (tmp_path / "old" / "vllm_my_model").exists()
    assert re.search(r"^Error: package_name = .* at most 10$", result.stderr, re.MULTILINE)


def replay(folder: Path, saved: dict):
    """Render what a replay file holds."""
    file = folder / "saved.json"
    file.write_text(json.dumps({"cookiecutter": saved}))
    command = [*COOKIECUTTER, str(folder / "out"), "--replay-file", str(file)]
    # Cookiecutter asks for what the file lacks, here for the first two questions.
    return result_of(*command, typed="\n\n")


@pytest.mark.parametrize("answers", [{"package_name": "vllm_parrot"}, "all"], ids=str)
def test_a_replay_file_with_nothing_but_answers_is_refused_in_one_line(tmp_path, answers):
    (tmp_path / "out").mkdir()
    if answers == "all":
        questions = json.loads((ROOT / "cookiecutter.json").read_text())
        answers = {name: "parrot" for name in questions if not name.startswith("_")}
    result = replay(tmp_path, answers)
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: the replay file lacks the variables that cookiecutter saves ")
    assert line.endswith(": use a file that cookiecutter saved, or --no-input with KEY=VALUE for "
                         "each answer")  # fmt: skip
    assert list((tmp_path / "out").iterdir()) == []


def test_a_replay_file_that_cookiecutter_saved_renders(tmp_path):
    run(*COOKIECUTTER, tmp_path / "first", "--no-input", "kind=extend")
    saved = json.loads((Path(os.environ["TMPDIR"]) / f"{ROOT.name}.json").read_text())
    result = replay(tmp_path, saved["cookiecutter"])
    assert result.returncode == 0, result.stderr
    package = tmp_path / "out" / "vllm_my_model" / "vllm_my_model"
    assert (package / "config.py").exists()
    assert read_about(package.parent)["MODEL_TYPES"] == {"vllm_my_model": "config:Config"}


# As an older or a newer release of cookiecutter would call itself.
ANOTHER_RELEASE = """
import sys
import cookiecutter
cookiecutter.__version__ = sys.argv.pop(1)
from cookiecutter.cli import main
main()
"""


@pytest.mark.parametrize("version", ["1.7.3", "2.0.2", "2.1.1"])
def test_an_old_cookiecutter_is_refused_in_one_line(tmp_path, version):
    command = [sys.executable, "-c", ANOTHER_RELEASE, version, str(ROOT), "-o", str(tmp_path)]
    result = result_of(*command, "--no-input")
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(
        f"Error: cookiecutter {version} is too old for this template: use 2.2.0 "
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", ["2.2.0", "2.10.1", "3.0.0", "2.2.0.dev1"])
def test_a_newer_cookiecutter_is_accepted(tmp_path, version):
    command = [sys.executable, "-c", ANOTHER_RELEASE, version, ROOT, "-o", tmp_path, "--no-input"]
    run(*command)
    assert (tmp_path / "vllm_my_model" / "setup.py").exists()
