"""The workflows are sound, run the tests, and their steps succeed where there is Python alone."""

import itertools
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from helpers import KINDS, ROOT, SUPPORTED_PYTHONS, SUPPORTED_VLLM, run


@pytest.fixture(params=KINDS)
def project(request, render) -> Path:
    return render(model_kind=request.param)


def commands(workflow: Path, job: str) -> list[str]:
    """Return what one job of a workflow runs, in its order."""
    steps = yaml.safe_load(workflow.read_text())["jobs"][job]["steps"]
    return [step["run"].strip() for step in steps if "run" in step]


def test_the_workflows_are_sound(project):
    workflows = sorted((project / ".github" / "workflows").iterdir())
    dependabot = [project / ".github/dependabot.yml", ROOT / ".github/dependabot.yml"]
    own = ROOT.glob(".github/workflows/*")
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows, *own)
    run("check-jsonschema", "--builtin-schema", "vendor.dependabot", *dependabot)
    run("zizmor", "--offline", "--no-progress", project)
    for uses, commit in re.findall(
        r"uses: (\S+?)(@\S+ # v\S+)?$",
        "\n".join(path.read_text() for path in workflows),
        re.MULTILINE,
    ):
        assert re.fullmatch(r"@[0-9a-f]{40} # v[\d.]+", commit), uses


def test_actions_are_pinned_alike_everywhere():
    pins: dict[str, set[str]] = {}
    for path in itertools.chain(ROOT.glob(".github/workflows/*"), ROOT.glob("*/.github/*/*")):
        for action, pin in re.findall(r"uses: (\S+)@(.*)", path.read_text()):
            pins.setdefault(action, set()).add(pin)
    assert pins
    assert all(len(found) == 1 for found in pins.values()), pins


def test_ci_runs_the_tests(project):
    test, release = (project / ".github" / "workflows" / f"{n}.yml" for n in ("test", "release"))
    style = ["ruff check .", "ruff format --check ."]
    assert commands(test, "without-vllm")[-3:] == ["python -m pytest", *style]
    assert commands(test, "real-vllm")[-1] == "python -m pytest"
    assert commands(release, "build")[-2:] == ["python -m pytest", "python -m build"]
    own = ROOT / ".github" / "workflows" / "test.yml"
    assert commands(own, "fast")[-1] == "python -m pytest -n 2"
    assert commands(own, "real")[-1] == "python -m pytest -m real $PART"
    parts = yaml.safe_load(own.read_text())["jobs"]["real"]["strategy"]["matrix"]["part"]
    covered = {name for part in parts for name in part.split()}
    real = {
        path for path in ROOT.glob("tests/**/test_*.py") if "pytest.mark.real\n" in path.read_text()
    }
    assert covered == {path.relative_to(ROOT).as_posix() for path in real}


def test_the_newest_vllm_is_audited_every_week(project):
    file = project / ".github" / "workflows" / "audit.yml"
    # YAML takes the word on for true.
    [schedule] = yaml.safe_load(file.read_text())[True]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", schedule["cron"])
    download, audit = commands(file, "newest-vllm")[-2:]
    assert download == 'python -m pip download --no-deps --dest "$RUNNER_TEMP/vllm" vllm'
    assert audit.startswith('python tests/audit "$RUNNER_TEMP"/vllm/*.whl --markdown')
    assert audit.endswith('>> "$GITHUB_STEP_SUMMARY"')


def test_ci_runs_on_every_python_that_is_supported(project):
    pythons = SUPPORTED_PYTHONS
    for root, job in ((ROOT, "fast"), (project, "without-vllm")):
        workflow = yaml.safe_load((root / ".github" / "workflows" / "test.yml").read_text())
        assert workflow["jobs"][job]["strategy"]["matrix"]["python"] == pythons
    assert f"support Python {pythons[0]} to {pythons[-1]}" in (ROOT / "README.md").read_text()


def test_no_checkout_leaves_credentials_behind(project):
    for root in (ROOT, project):
        for workflow in (root / ".github" / "workflows").iterdir():
            text = workflow.read_text()
            kept_out = text.count("persist-credentials: false")
            assert kept_out == text.count("uses: actions/checkout@"), workflow.name


def test_the_release_is_published_without_a_password_and_with_attestations(project):
    release = yaml.safe_load((project / ".github" / "workflows" / "release.yml").read_text())
    publish = release["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    upload = publish["steps"][-1]
    assert upload["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert upload["with"] == {"attestations": True}
    readme = (project / "README.md").read_text()
    assert f"`release.yml`, environment `{publish['environment']}`" in readme


@pytest.mark.parametrize(
    ("workflow", "job"), [("release.yml", "build"), ("test.yml", "without-vllm")]
)
def test_the_steps_of_a_job_succeed(render, tmp_path, workflow, job):
    project = tmp_path / "vllm_my_model"
    shutil.copytree(render(), project)
    run("uv", "venv", "--seed", "--python", sys.executable, tmp_path / "venv")
    settings = {
        "PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin",
        "GITHUB_REF_NAME": "v0.1.0",
    }
    steps = commands(project / ".github" / "workflows" / workflow, job)
    assert len(steps) >= 4
    for command in steps:
        run("bash", "-euo", "pipefail", "-c", command, cwd=project, env=os.environ | settings)


def test_the_release_stops_when_the_tag_is_another_version(render, tmp_path):
    [compare] = [
        c
        for c in commands(render() / ".github/workflows/release.yml", "build")
        if "GITHUB_REF_NAME" in c
    ]
    settings = {"GITHUB_REF_NAME": "v9.9.9"}
    with pytest.raises(AssertionError):
        run("bash", "-euo", "pipefail", "-c", compare, cwd=render(), env=os.environ | settings)


def test_the_versions_of_the_matrix_are_those_in_about_py(render, tmp_path):
    [script] = commands(render() / ".github/workflows/test.yml", "supported-vllm")
    output = tmp_path / "output"
    settings = {"GITHUB_OUTPUT": str(output)}
    run(sys.executable, "-c", script, cwd=render(), env=os.environ | settings)
    oldest, newest = SUPPORTED_VLLM[0], SUPPORTED_VLLM[-1]
    assert output.read_text() == f'versions=["{oldest}", "{newest}"]\n'


GROUP = """
import pytest

@pytest.mark.xdist_group("group")
@pytest.mark.parametrize("number", range(8))
def test_it(number):
    pass
"""


def test_the_tests_of_a_group_run_in_one_worker(tmp_path):
    """With a pytest that is newer than pytest-xdist knows, each worker would build everything."""
    (tmp_path / "test_group.py").write_text(GROUP)
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-v"]
    output = run(*command, cwd=tmp_path).stdout
    workers = re.findall(r"^\[(gw\d)\]", output, re.MULTILINE)
    assert len(workers) == 8
    assert len(set(workers)) == 1
