"""Layers in place of vLLM's in a real engine: both kinds, compiled and eager."""

import json
import os
import re
import runpy
import shutil
from pathlib import Path

import pytest
from lane import VERSION, build
from shared import environments
from shared.edits import Edit, apply
from shared.rendering import LONG_LIMIT, TEMPLATES, render_into, result_of

pytestmark = pytest.mark.real

PROOF = TEMPLATES / "kinds" / "layer_swap" / "proof"
BREAKS = runpy.run_path(str(PROOF / "mutations.py"))["MUTATIONS_IN_TORCH"]
PACKAGE = "vllm_my_layer_swap"
NORM = f"{PACKAGE}.layer:MyRMSNorm"
ROW = f"{PACKAGE}.row_parallel:MyRowParallelLinear"
LINE = '    "RMSNorm": "layer:MyRMSNorm",\n'


@pytest.fixture(scope="module")
def with_two_layers(tmp_path_factory) -> tuple[Path, Path]:
    """The bin folder of an environment with a plugin that replaces a layer of each kind; its tests."""
    folder = tmp_path_factory.mktemp("two_layers")
    project = render_into(folder, kind="layer_swap")
    shutil.copy(PROOF / "row_parallel.py", project / PACKAGE)
    second = '    "RowParallelLinear": "row_parallel:MyRowParallelLinear",\n'
    apply([Edit("about.py", LINE, LINE + second)], project)
    bin_folder = environments.on_top_of(VERSION, folder / "venv")
    environments.install(bin_folder, build(project))
    return bin_folder, project


@pytest.mark.parametrize(
    ("engine_options", "method"),
    [({}, "forward_native"), ({"enforce_eager": True}, "forward_cpu")],
    ids=["compiled", "eager"],
)
@pytest.mark.parametrize("factor", ["1", "1.5"])
def test_every_layer_of_both_kinds_is_replaced_and_runs(
    with_two_layers, settings, tmp_path, engine_options, method, factor
):
    bin_folder, project = with_two_layers
    command = [bin_folder / "python", PROOF / "replaced.py", tmp_path, json.dumps(engine_options)]
    more = {"VLLM_ALLOW_INSECURE_SERIALIZATION": "1", "VLLM_LOGGING_LEVEL": "DEBUG"}
    more |= {"PYTHONPATH": str(project / "tests"), "ROW_FACTOR": factor}
    # A cache of its own: vLLM's key for what it has compiled does not know the factor.
    more |= {"VLLM_CACHE_ROOT": str(tmp_path / "cache")}
    result = result_of(*command, env=os.environ | settings | more, limit=LONG_LIMIT)
    assert result.returncode == 0, result.stdout + result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    # Of two layers: two norms in each and one at the end; two linear layers in each.
    layers = {name: n for name, n in found["layers"].items() if re.search("Norm|RowPar", name)}
    assert layers == {f"{NORM} {method}": 5, f"{ROW} forward": 4}
    assert found["equal"] is (factor == "1")
    # What README's command looks for.
    assert len(re.findall("RMSNorm using", result.stdout + result.stderr)) == 5


def test_arithmetic_that_is_wrong_changes_the_tokens_compiled_and_eager(tmp_path):
    project = render_into(tmp_path, kind="layer_swap")
    apply([Edit(*BREAKS["epsilon is left out"])], project)
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    environments.install(bin_folder, build(project))
    words = ["-p", "no:cacheprovider", "tests/test_layer.py", "-k", "hugging_face"]
    result = result_of(bin_folder / "pytest", *words, cwd=project, limit=LONG_LIMIT)
    failed = re.findall(r"^FAILED \S+hugging_face\[(\w+)\]", result.stdout, re.MULTILINE)
    assert failed == ["compiled", "eager"], result.stdout
