"""One package with a model and every part in one real server, which answers for all of them."""

import json
import os

import pytest
from lane import SCRIPTS, VERSION, build
from shared import environments
from shared.rendering import KINDS, LONG_LIMIT, MODELS, TEMPLATES, render_into, result_of

pytestmark = pytest.mark.real

PARTS = [
    kind for kind in KINDS if kind not in MODELS and VERSION in environments.supported_by(kind)
]
PROOFS = {kind: TEMPLATES / "kinds" / kind / "proof" / "serve.py" for kind in PARTS}
# What two parts do together is of neither room.
TOGETHER = {"reason_and_call": SCRIPTS / "reason_and_call.py"}
SERVED = {kind: path for kind, path in (PROOFS | TOGETHER).items() if path.exists()}
# Names that differ, so that none stands where another belongs.
NAMES = {"package": "vllm_many_parts", "plugin": "many-parts", "registered": "many"}


@pytest.fixture(scope="module")
def found(settings, tmp_path_factory) -> dict:
    """What each proof was answered by the server, or why it failed."""
    folder = tmp_path_factory.mktemp("served")
    bin_folder = environments.on_top_of(VERSION, folder / "venv")
    project = render_into(
        folder,
        kind=MODELS[0],
        also=",".join(PARTS),
        package_name=NAMES["package"],
        plugin_name=NAMES["plugin"],
        registered_name=NAMES["registered"],
        class_name="ManyForCausalLM",
    )
    environments.install(bin_folder, build(project))
    (folder / "checkpoint").mkdir()
    config = {"architectures": ["ManyForCausalLM"], "model_type": NAMES["registered"]}
    proofs = {kind: str(path) for kind, path in SERVED.items()}
    options = json.dumps({"names": NAMES, "config": config, "proofs": proofs})
    command = [bin_folder / "python", SCRIPTS / "served.py", folder / "checkpoint", options]
    environment = os.environ | settings | {"PYTHONPATH": str(SCRIPTS)}
    result = result_of(*command, env=environment, limit=LONG_LIMIT)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout.splitlines()[-1])


# One server: its tests run where it does.
@pytest.mark.xdist_group("served")
@pytest.mark.parametrize("kind", SERVED)
def test_the_server_answers_for_each_part(found, kind):
    assert isinstance(found[kind], dict), found[kind]
