"""What an operator sees when something around a plugin is wrong: cases/faults.py, run.

In the fixture engine by the fast lane, in the vLLM that REAL_VLLM names by the real lane.
"""

import sys
import zipfile
from pathlib import Path

import pytest
from shared import environments
from shared.cases import case_names, run_cases
from shared.environments import RELEASE, VERSION
from shared.rendering import FIXTURE_ENGINE, TEMPLATE, render_into, run

NEEDS_MODELS = {
    "the_checkpoint_lacks_a_norm",
    "the_checkpoint_lacks_a_linear_layer",
    "the_checkpoint_lacks_a_part_of_a_stacked_layer",
    "the_checkpoint_has_a_bias_too_many",
    "config_json_has_a_setting_that_the_model_lacks",
    "the_checkpoint_has_one_weight_too_many",
    "a_worker_is_killed_in_mid_generation",
}


@pytest.fixture(scope="module")
def our_plugin(tmp_path_factory):
    """A folder with a rendered plugin, as pip would install it, from its wheel."""
    folder = tmp_path_factory.mktemp("ours")
    project = render_into(folder)
    run("python", "-m", "build", "--wheel", "--no-isolation", project)
    [wheel] = project.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUR_PLUGIN", str(folder / "installed"))
        yield


@pytest.fixture(scope="module")
def in_fixture(our_plugin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fixture")
    path = str(TEMPLATE / FIXTURE_ENGINE)
    return run_cases(Path(sys.executable), "faults", folder, path=path)


@pytest.fixture(scope="module")
def in_vllm(our_plugin, tmp_path_factory):
    bin_folder = environments.environment(VERSION)
    return run_cases(bin_folder / "python", "faults", tmp_path_factory.mktemp("vllm"))


def check(outcome: dict, record_property) -> None:
    """Assert that a fault did what it declares, and keep what an operator sees of it."""
    assert outcome["passed"], outcome["problem"]
    for name, value in (outcome["facts"] | {"message": outcome["message"]}).items():
        record_property(name, value)
    if not outcome["message"]:
        assert outcome["facts"]["told"] != "yes"


@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize(
    "case", [case for case in case_names("faults") if case not in NEEDS_MODELS]
)
def test_in_the_fixture_engine(in_fixture, record_property, case):
    check(in_fixture[case], record_property)


@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize("case", sorted(NEEDS_MODELS))
def test_what_needs_a_model_does_not_pass_in_the_fixture_engine(in_fixture, case):
    assert "The fixture engine runs no models" in in_fixture[case]["problem"]


@pytest.mark.real
@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize("case", case_names("faults"))
def test_in_vllm(in_vllm, record_property, case):
    assert in_vllm[case]["engine"].startswith(RELEASE)
    check(in_vllm[case], record_property)
