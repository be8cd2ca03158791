"""Rendered models that an author has changed: green against HF, and red for each mistake."""

import json
import os
import shutil
from pathlib import Path

import changes
import pytest
from lane import NAMES, RUNNING, SCRIPTS, VERSION, build
from shared import edits, environments
from shared.edits import GUIDES, Mistake
from shared.rendering import (
    LONG_LIMIT,
    MODELS,
    SAME_IN_EACH_PACKAGE,
    render_into,
    run,
    run_own_tests,
)

pytestmark = pytest.mark.real
# The tests make their checkpoints small enough for one thread, and two of them may run.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("kind", MODELS)
def test_changed_as_readme_says_it_equals_hf_and_each_mistake_shows(settings, tmp_path, kind):
    if kind not in RUNNING:
        pytest.skip(f"{kind} does not support vLLM {VERSION}")
    changed, mistakes = changes.changes_of(kind)
    assert len(mistakes) >= 5
    project = render_into(tmp_path / "right", kind=kind, **NAMES[kind])
    edits.apply(changed, project)
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    assert_equal_and_mistakes_show(project, mistakes, bin_folder, settings)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_changed_as_a_guide_says_it_equals_hf_and_each_mistake_shows(
    settings, tmp_path, page, monkeypatch
):
    guide = edits.read_guide(page)
    if guide.answers["kind"] not in RUNNING:
        pytest.skip(f"{guide.answers['kind']} does not support vLLM {VERSION}")
    project = edits.render_guide(page, tmp_path / "right")
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    run(bin_folder / "python", "tests/_template/audit", "--record", cwd=project)
    assert_equal_and_mistakes_show(project, guide.mistakes, bin_folder, settings)
    # Compiled, and in vLLM's own processes.
    for name, value in (settings | ONE_THREAD).items():
        monkeypatch.setenv(name, value)
    outcomes = run_own_tests(bin_folder, project, *SAME_IN_EACH_PACKAGE, limit=LONG_LIMIT)
    assert set(outcomes.values()) == {"passed"}, outcomes


def assert_equal_and_mistakes_show(
    project: Path, mistakes: dict[str, Mistake], bin_folder: Path, settings: dict[str, str]
) -> None:
    """Install a project, and assert that its model's tests pass, and fail for each mistake."""
    folder = project.parents[1]
    versions = {"right": project}
    for number, (name, mistake) in enumerate(mistakes.items()):
        versions[name] = folder / str(number) / project.name
        shutil.copytree(project / project.name, versions[name] / project.name)
        edits.apply(mistake.edits, versions[name])
    # Its package stays in the wheel, so that the tests find that one or a version of it.
    versions["right"] = shutil.copytree(project, folder / "package")
    environments.install(bin_folder, build(project))
    result = folder / "result.json"
    arguments = [f"{name}={folder}" for name, folder in versions.items()]
    command = [bin_folder / "python", SCRIPTS / "variants.py", project, result, *arguments]
    environment = os.environ | settings | ONE_THREAD
    run(*command, env=environment)
    found = json.loads(result.read_text())
    right = found.pop("right")
    assert right["failed"] == {}
    # Eager, by each test of the model: tokens or vectors, and what goes with them.
    assert right["passed"] >= 2
    assert found.keys() == mistakes.keys()
    unseen = {name: found[name] for name in mistakes if not shows(mistakes[name].seen, found[name])}
    assert unseen == {}


def shows(seen: str, found: dict) -> bool:
    """Tell whether a mistake shows as it should, and not by a test that could not be run."""
    failed = found["failed"]
    if seen.startswith("test_"):
        return failed.get(seen, [""])[0] == "call" and all(p == "call" for p, _ in failed.values())
    return bool(failed) and all(p == "setup" and seen in said for p, said in failed.values())
