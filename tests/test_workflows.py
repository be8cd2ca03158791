"""The steps of the rendered workflows run as they are written, on a machine with Python alone."""

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from helpers import ROOT, run


def steps(project: Path, workflow: str, job: str) -> list[str]:
    """Return the commands of one job of a rendered workflow."""
    text = (project / ".github" / "workflows" / workflow).read_text()
    return [step["run"] for step in yaml.safe_load(text)["jobs"][job]["steps"] if "run" in step]


@pytest.mark.parametrize(
    ("workflow", "job"), [("release.yml", "build"), ("test.yml", "without-vllm")]
)
def test_the_steps_of_a_job_succeed(render, tmp_path, workflow, job):
    project = tmp_path / "vllm_my_model"
    shutil.copytree(render(), project)
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    settings = {
        "PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin",
        "GITHUB_REF_NAME": "v0.1.0",
    }
    commands = steps(project, workflow, job)
    assert len(commands) >= 4
    for command in commands:
        run("bash", "-euo", "pipefail", "-c", command, cwd=project, env=os.environ | settings)


def test_the_release_stops_when_the_tag_is_another_version(render, tmp_path):
    [compare] = [c for c in steps(render(), "release.yml", "build") if "GITHUB_REF_NAME" in c]
    settings = {"GITHUB_REF_NAME": "v9.9.9"}
    with pytest.raises(AssertionError):
        run("bash", "-euo", "pipefail", "-c", compare, cwd=render(), env=os.environ | settings)


def test_the_versions_of_the_matrix_are_those_in_about_py(render, tmp_path):
    [script] = steps(render(), "test.yml", "supported-vllm")
    output = tmp_path / "output"
    settings = {"GITHUB_OUTPUT": str(output)}
    run(sys.executable, "-c", script, cwd=render(), env=os.environ | settings)
    versions = (ROOT / "templates" / "supported_vllm.txt").read_text().split()
    assert output.read_text() == f'versions=["{versions[0]}", "{versions[-1]}"]\n'
