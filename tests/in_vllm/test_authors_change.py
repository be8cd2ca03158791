"""Each kind, changed into a model with QK-norm and biases: green against HF, red for each mistake."""

import json
import os
import shutil

import changes
import pytest
from lane import NAMES, RUNNING, SCRIPTS, VERSION, build
from shared import environments
from shared.rendering import MODELS, render_into, run

pytestmark = pytest.mark.real
# The tests make their checkpoints small enough for one thread, and two of them may run.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("kind", MODELS)
def test_changed_as_readme_says_it_equals_hf_and_each_mistake_shows(settings, tmp_path, kind):
    if kind not in RUNNING:
        pytest.skip(f"{kind} does not support vLLM {VERSION}")
    edits, mistakes = changes.changes_of(kind)
    assert len(mistakes) >= 5
    project = render_into(tmp_path / "right", kind=kind, **NAMES[kind])
    changes.apply(edits, project)
    versions = {"right": project}
    for number, (name, mistake) in enumerate(mistakes.items()):
        versions[name] = tmp_path / str(number) / project.name
        shutil.copytree(project / project.name, versions[name] / project.name)
        changes.apply(mistake.edits, versions[name])
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    # Its package stays in the wheel, so that the tests find that one or a version of it.
    versions["right"] = shutil.copytree(project, tmp_path / "package")
    environments.install(bin_folder, build(project))
    result = tmp_path / "result.json"
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
