"""One package with a model and every part in one real server, which answers for all of them.

What only a pooling model serves is asked of a second server, whose model embeds.
"""

import json
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from lane import RUNNING_PARTS, SCRIPTS, VERSION, build
from shared import environments
from shared.rendering import LONG_LIMIT, MODELS, TEMPLATES, render_into, result_of

pytestmark = pytest.mark.real

PROOFS = {kind: TEMPLATES / "kinds" / kind / "proof" / "serve.py" for kind in RUNNING_PARTS}
# What two parts do together is of neither room.
TOGETHER = {"reason_and_call": SCRIPTS / "reason_and_call.py"}
SERVED = {kind: path for kind, path in (PROOFS | TOGETHER).items() if path.exists()}
# Names that differ, so that none stands where another belongs.
NAMES = {"package": "vllm_many_parts", "plugin": "many-parts", "registered": "many"}


def runner_of(proof: Path) -> str:
    """Return the runner of the server that a proof asks."""
    stated = re.search(r'^RUNNER = "(\w+)"$', proof.read_text("utf-8"), re.MULTILINE)
    return stated[1] if stated else "generate"


RUNNERS = {kind: runner_of(path) for kind, path in SERVED.items()}
# For each runner the model, its class, and the parts beside it.
POOLING = [kind for kind, runner in RUNNERS.items() if runner == "pooling"]
PACKAGES = {
    "generate": (MODELS[0], "ManyForCausalLM", RUNNING_PARTS),
    "pooling": ("embedding", "ManyEmbeddingModel", POOLING),
}


@pytest.fixture(scope="module")
def found(settings, tmp_path_factory) -> Callable[[str], dict]:
    """A function that returns what each proof was answered by the server with a runner.

    Or why it failed.
    """

    @cache
    def found(runner: str) -> dict:
        folder = tmp_path_factory.mktemp(f"served_{runner}")
        bin_folder = environments.on_top_of(VERSION, folder / "venv")
        kind, class_name, parts = PACKAGES[runner]
        project = render_into(
            folder,
            kind=kind,
            also=",".join(parts),
            package_name=NAMES["package"],
            plugin_name=NAMES["plugin"],
            registered_name=NAMES["registered"],
            class_name=class_name,
        )
        environments.install(bin_folder, build(project))
        (folder / "checkpoint").mkdir()
        config = {"architectures": [class_name], "model_type": NAMES["registered"]}
        proofs = {kind: str(SERVED[kind]) for kind in SERVED if RUNNERS[kind] == runner}
        options = {"names": NAMES, "config": config, "runner": runner, "proofs": proofs}
        command = [bin_folder / "python", SCRIPTS / "served.py", folder / "checkpoint"]
        environment = os.environ | settings | {"PYTHONPATH": str(SCRIPTS)}
        result = result_of(*command, json.dumps(options), env=environment, limit=LONG_LIMIT)
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout.splitlines()[-1])

    return found


# A few servers: their tests run where they do.
@pytest.mark.xdist_group("served")
@pytest.mark.parametrize("kind", SERVED)
def test_the_server_answers_for_each_part(found, kind):
    answers = found(RUNNERS[kind])
    assert isinstance(answers[kind], dict), answers[kind]
