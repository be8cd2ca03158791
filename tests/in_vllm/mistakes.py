"""A model that an author has changed equals Hugging Face's, and each mistake in it shows."""

import json
import os
import shutil
from pathlib import Path

from lane import SCRIPTS, build
from shared import edits, environments
from shared.edits import Mistake
from shared.rendering import run


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
    environment = os.environ | settings
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
