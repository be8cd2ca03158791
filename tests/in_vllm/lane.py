"""What the real lane has in common: the plugins' names, where things are, how to build and compare.

It runs on the newest supported vLLM, or on the version that the environment variable REAL_VLLM
names.
"""

import json
import shutil
import subprocess
from pathlib import Path

from shared import environments
from shared.environments import VERSION
from shared.rendering import KINDS, PARTS, RULES, run

RUNNING = [kind for kind in KINDS if VERSION in environments.supported_by(kind)]
RUNNING_PARTS = [kind for kind in RUNNING if kind in PARTS]

# One package for each kind, so that all can be installed at the same time.
NAMES = {
    kind: {"package_name": f"vllm_my_{kind}", "class_name": f"My{kind.title()}ForCausalLM"}
    for kind in RUNNING
}
BROKEN = {"package_name": "vllm_my_broken", "class_name": "MyBrokenForCausalLM"}
CHECKPOINT_NAMES = {
    kind: {"architectures": [names["class_name"]], "model_type": names["package_name"]}
    for kind, names in NAMES.items()
}

# Those that change what every model runs, so that they are installed beside no other.
ALONE = [kind for kind in RUNNING if RULES["room"](kind).get("changes_every_model")]

SCRIPTS = Path(__file__).parent / "scripts"
IN_PROCESS = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
EAGER: dict[str, dict] = {"eager": {"enforce_eager": True}}
# What is the same in each package, and starts an interpreter with vLLM each time: run for one kind
# alone, and by test_several_parts.py for a package with every part.
SAME = [
    "--deselect=tests/_template/test_doctor.py",
    "--deselect=tests/_template/test_audit.py",
    "--deselect=tests/_template/test_safety.py",
    "-k",
    "not new_process and not imports_no_heavy_module and not register_leaves_the_classes",
]


def build(project: Path) -> Path:
    """Build a rendered project, remove its package, which the wheel is to bring; return that."""
    run("python", "-m", "build", "--wheel", "--no-isolation", project)
    shutil.rmtree(project / project.name)
    return wheel_of(project)


def wheel_of(project: Path) -> Path:
    [wheel] = project.glob("dist/*.whl")
    return wheel


def assert_equal_results(result: subprocess.CompletedProcess, folder: Path) -> dict:
    """Assert that what vLLM gave and each reference are the same, and return them all."""
    assert result.returncode == 0, result.stdout + result.stderr
    results = json.loads((folder / "checkpoint" / "result.json").read_text())
    assert len(results) >= 2, results
    first, *others = results.values()
    for other in others:
        assert other == first, results
    return results
