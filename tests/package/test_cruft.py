"""A rendered plugin follows the template by cruft, and keeps what its author has changed."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from shared.rendering import (
    MODELS,
    PARTS,
    ROOT,
    RULES,
    TEMPLATE,
    TYPED,
    assert_was_asked_again,
    at_a_terminal,
    commit,
    files_of,
    result_of,
    run,
)


def git(folder: Path, *arguments: str | Path) -> str:
    return run("git", "-C", folder, *arguments).stdout


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A repository of this template, with a tag for what it is now, and a newer version."""
    template = tmp_path_factory.mktemp("repository") / "template"
    left_out = shutil.ignore_patterns(".git", ".*_cache", ".cache", ".venv")
    shutil.copytree(ROOT, template, ignore=left_out)
    git(template.parent, "init", "--quiet", "--initial-branch=main", template)
    commit(template, "old")
    git(template, "tag", "v0.2.0")
    edits = {
        template / TEMPLATE.name / "CHANGELOG.md": ("- First version.", "- First version, newer."),
        template / "templates" / "shared" / "supported_vllm.txt": ("0.32.0\n", "0.32.0\n0.99.0\n"),
        template / "cookiecutter.json": ('"0.2.0"', '"0.3.0"'),
    }
    for file, (old, new) in edits.items():
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    commit(template, "newer")
    return template


def plugin_of(template: Path, kind: str, folder: Path) -> Path:
    """Make a plugin from the tagged version, and a repository of it."""
    answers = json.dumps({"kind": kind, "package_name": "vllm_my_model"})
    options = ["--no-input", "--extra-context", answers, "--checkout", "v0.2.0"]
    run("cruft", "create", *options, "--output-dir", folder, template)
    project = folder / "vllm_my_model"
    git(folder, "init", "--quiet", "--initial-branch=main", project)
    # The tag is a version to start from, not one to stay with.
    state = project / ".cruft.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"checkout": None}))
    commit(project, "new")
    return project


def status(*command: str, folder: Path) -> int:
    return result_of(*command, cwd=folder).returncode


def version_of_the_template(project: Path) -> str:
    [line] = [x for x in (project / "pyproject.toml").read_text().splitlines() if "version =" in x]
    return line.split('"')[1]


def test_a_refusal_is_one_line(template, tmp_path):
    answers = ["--extra-context", json.dumps({"package_name": "my-model"})]
    command = ["cruft", "create", "--no-input", *answers, "--output-dir", tmp_path, template]
    result = result_of(*command)
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: package_name = 'my-model' ")
    assert line.endswith(" use my_model")
    assert list(tmp_path.iterdir()) == []


def test_at_a_terminal_a_typed_answer_is_asked_for_again(template, tmp_path):
    command = ["cruft", "create", str(template), "--output-dir", str(tmp_path)]
    assert_was_asked_again(*at_a_terminal(TYPED, *command), tmp_path)


def author_edits(kind: str) -> str:
    """Return the module of a package that holds the class of its kind."""
    answers = {"kind": kind, "also": "-", "registered_name": "parrot"}
    return next(name for name in sorted(RULES["files"](answers, "plugin")) if name[0] != "_")


# A model, a part that register() makes known, and the one that came last.
@pytest.mark.parametrize("kind", [MODELS[0], PARTS[0], PARTS[-1]])
def test_an_update_brings_the_new_template_and_keeps_the_authors_edits(template, tmp_path, kind):
    project = plugin_of(template, kind, tmp_path)
    assert version_of_the_template(project) == "0.2.0"
    assert run("cruft", "diff", cwd=project).stdout == ""
    author = project / "vllm_my_model" / author_edits(kind)
    author.write_text(author.read_text() + "\n# The author's own line.\n")
    commit(project, "edit")
    difference = run("cruft", "diff", cwd=project).stdout
    assert [line for line in difference.splitlines() if line.startswith("-#")] == [
        "-# The author's own line."
    ]

    assert status("cruft", "check", folder=project) == 1
    update = run("cruft", "update", "--skip-apply-ask", cwd=project)
    assert status("cruft", "check", folder=project) == 0
    assert "next three commands" not in update.stdout
    assert "- First version, newer." in (project / "CHANGELOG.md").read_text()
    assert 'NEWEST_VLLM = "0.99.0"' in (project / "vllm_my_model" / "about.py").read_text()
    assert version_of_the_template(project) == "0.3.0"
    assert "# The author's own line." in author.read_text()
    assert not list(project.rglob("*.rej"))


def test_of_a_conflict_nothing_is_lost(template, tmp_path):
    project = plugin_of(template, "decoder", tmp_path)
    changelog = project / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("First version.", "The author's own."))
    commit(project, "edit")
    run("cruft", "update", "--skip-apply-ask", cwd=project)
    # Both sides: in the file between marks, or the template's in a file of rejected changes.
    both = changelog.read_text() + "".join(path.read_text() for path in project.glob("*.rej"))
    assert "- The author's own." in changelog.read_text()
    assert "- First version, newer." in both
    # What does not conflict has arrived.
    assert 'NEWEST_VLLM = "0.99.0"' in (project / "vllm_my_model" / "about.py").read_text()


def test_a_replay_gives_the_same_plugin_again(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(f"replay_dir: {tmp_path}\ncookiecutters_dir: {tmp_path}\n")
    command = [sys.executable, "-m", "cookiecutter", "--config-file", config, ROOT]
    answers = ["kind=extend", "class_name=Parrot", "description=100 % 'mine'"]
    run(*command, "--no-input", "--output-dir", tmp_path / "first", *answers)
    run(*command, "--replay", "--output-dir", tmp_path / "second")
    first, second = (files_of(tmp_path / name / "vllm_my_model") for name in ("first", "second"))
    assert b'"Parrot": "model:Parrot"' in first["vllm_my_model/about.py"]
    assert first == second


def test_the_users_own_config_gives_answers(tmp_path):
    config = tmp_path / "config.yaml"
    answers = "default_context:\n  author_name: Zoë O'Neil\n  license: MIT\n  unknown: 1\n"
    config.write_text(f"{answers}replay_dir: {tmp_path}\ncookiecutters_dir: {tmp_path}\n")
    options = ["--no-input", "--config-file", config, "--output-dir", tmp_path]
    run(sys.executable, "-m", "cookiecutter", *options, ROOT)
    project = tmp_path / "vllm_my_model"
    assert "Zoë O'Neil" in (project / "LICENSE").read_text(encoding="utf-8")
    assert 'author="Zoë O\'Neil"' in (project / "setup.py").read_text(encoding="utf-8")
