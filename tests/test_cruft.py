"""A rendered plugin follows the template by cruft, and keeps what its author has changed."""

import shutil
import subprocess
from pathlib import Path

import pytest
from helpers import KINDS, ROOT, TEMPLATE, run


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    run("git", "-C", folder, *identity, *arguments)


@pytest.fixture(params=KINDS[:2])
def plugin(request, tmp_path) -> tuple[Path, Path]:
    """A repository of this template, and one of a plugin that cruft made from it."""
    template = tmp_path / "template"
    left_out = shutil.ignore_patterns(".git", ".*_cache", ".cache", ".venv")
    shutil.copytree(ROOT, template, ignore=left_out)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", template)
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--message=old")
    answers = ["--extra-context", f'{{"model_kind": "{request.param}"}}']
    run("cruft", "create", "--no-input", "--output-dir", tmp_path, *answers, template)
    project = tmp_path / "vllm_my_model"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", project)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message=new")
    return template, project


def test_an_update_brings_the_new_template_and_keeps_the_authors_edits(plugin):
    template, project = plugin
    run("cruft", "check", cwd=project)
    model = project / "vllm_my_model" / "model.py"
    model.write_text(model.read_text() + "\n# The author's own line.\n")
    git(project, "commit", "--quiet", "--all", "--message=edit")

    changelog = template / TEMPLATE.name / "CHANGELOG.md"
    changelog.write_text(changelog.read_text() + "\nA line of the new template.\n")
    versions = template / "templates" / "supported_vllm.txt"
    versions.write_text(versions.read_text() + "0.99.0\n")
    git(template, "commit", "--quiet", "--all", "--message=newer")

    assert subprocess.run(["cruft", "check"], cwd=project, capture_output=True).returncode == 1
    update = run("cruft", "update", "--skip-apply-ask", cwd=project)
    assert "next three commands" not in update.stdout
    assert "A line of the new template." in (project / "CHANGELOG.md").read_text()
    assert 'NEWEST_VLLM = "0.99.0"' in (project / "vllm_my_model" / "about.py").read_text()
    assert "# The author's own line." in model.read_text()
    assert not list(project.rglob("*.rej"))
