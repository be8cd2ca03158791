"""The workflows are sound, do what was promised, and their steps succeed with Python alone."""

import itertools
import os
import re
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import workflow_promises as promises
import yaml
from packaging.requirements import Requirement
from shared.rendering import KINDS, ROOT, SUPPORTED_PYTHONS, SUPPORTED_VLLM, documents_of, run


@pytest.fixture(params=KINDS)
def project(request, render) -> Path:
    return render(kind=request.param)


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


def read(path: Path) -> dict:
    """Return a workflow as data: its actions without their pins."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    # YAML takes the word on for true.
    data = {"on" if key is True else key: value for key, value in data.items()}
    for job in data.get("jobs", {}).values():
        for step in job["steps"]:
            if "uses" in step:
                step["uses"] = step["uses"].partition("@")[0]
    return data


def files_below(folder: Path) -> set[str]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix() for path in paths}


@pytest.mark.parametrize("name", promises.RENDERED)
def test_a_rendered_workflow_is_what_was_promised(project, name):
    assert read(project / ".github" / "workflows" / name) == promises.RENDERED[name]


@pytest.mark.parametrize("name", promises.OWN)
def test_a_workflow_of_this_repository_is_what_was_promised(name):
    assert read(ROOT / ".github" / "workflows" / name) == promises.OWN[name]


def test_dependabot_proposes_what_was_promised(project):
    assert read(project / ".github" / "dependabot.yml") == promises.RENDERED_DEPENDABOT
    assert read(ROOT / ".github" / "dependabot.yml") == promises.OWN_DEPENDABOT


def test_there_are_no_other_workflows(project):
    for root, workflows in ((project, promises.RENDERED), (ROOT, promises.OWN)):
        names = {f"workflows/{name}" for name in workflows}
        assert files_below(root / ".github") == {"dependabot.yml", *names}


def test_dependabot_looks_where_requirements_are():
    entries = promises.OWN_DEPENDABOT["updates"]
    folders = {e["directory"].lstrip("/") for e in entries if e["package-ecosystem"] == "pip"}
    assert folders == {"tests"}
    for folder in folders:
        assert (ROOT / folder / "requirements.txt").exists()


def test_every_job_that_needs_another_follows_one_that_is_there():
    for jobs in (w["jobs"] for w in [*promises.RENDERED.values(), *promises.OWN.values()]):
        assert {job["needs"] for job in jobs.values() if "needs" in job} <= set(jobs)


def test_the_jobs_of_the_real_lane_run_all_that_is_in_it():
    parts = promises.OWN["test.yml"]["jobs"]["real"]["strategy"]["matrix"]["part"]
    covered = [name for part in parts for name in part.split()]
    real = {
        path for path in ROOT.glob("tests/**/test_*.py") if "pytest.mark.real\n" in path.read_text()
    }
    assert sorted(covered) == sorted(path.relative_to(ROOT).as_posix() for path in real)


def test_uv_knows_the_options_with_which_vllm_is_installed(project):
    """A misspelt one would show up in CI only; and README gives people the same ones."""
    readme = documents_of(project)
    known = set(re.findall(r"--[a-z-]+", run("uv", "pip", "install", "--help").stdout))
    for text in (promises.INSTALL_VLLM, *re.findall(r"^uv pip install .+$", readme, re.MULTILINE)):
        options = set(re.findall(r"--[a-z-]+", text))
        assert {"--torch-backend", "--excludes"} <= options <= known
        assert "--torch-backend cpu " in text
    assert promises.WRITE_EXCLUDES.partition(" > ")[0] in readme


def test_the_readme_of_a_package_says_what_its_workflows_do(project):
    readme = " ".join(documents_of(project).split())
    environment = promises.RENDERED["release.yml"]["jobs"]["publish"]["environment"]
    assert f"workflow `release.yml`, environment `{environment}`" in readme
    assert "`.github/workflows/audit.yml` audits the newest vLLM every week" in readme
    assert "The workflow `release.yml` tests, builds and publishes" in readme
    [tag] = promises.EVERY_TAG_OF_A_VERSION["push"]["tags"]
    [pushed] = re.findall(r"git tag (\S+) && git push origin (\S+?)`", readme)
    assert all(fnmatch(name, tag) for name in pushed)


def test_the_ruff_of_a_packages_ci_is_the_one_that_found_nothing_here(project):
    workflow = (project / ".github" / "workflows" / "test.yml").read_text()
    [wanted] = re.findall(r"'(ruff==[^']+)'", workflow)
    [here] = re.findall(r"^ruff==(\S+)$", (ROOT / "tests/requirements.txt").read_text(), re.M)
    assert here in Requirement(wanted).specifier


def test_readme_says_which_pythons_ci_runs_on():
    oldest, newest = SUPPORTED_PYTHONS[0], SUPPORTED_PYTHONS[-1]
    assert f"support Python {oldest} to {newest}" in (ROOT / "README.md").read_text()


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
