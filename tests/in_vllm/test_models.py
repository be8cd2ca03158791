"""Rendered plugins, as wheels, in real vLLM on CPU: what each kind of model puts out.

The plugins' own tests do most of the work: registration, compatibility, output equal to HF's.
"""

import shutil
from pathlib import Path

import pytest
import witness
from lane import EAGER, IN_PROCESS, RUNNING, VERSION, assert_equal_results
from shared.environments import RELEASE, is_source_only
from shared.rendering import (
    KINDS,
    LONG_LIMIT,
    MODELS,
    SAME_IN_EACH_PACKAGE,
    proof_of,
    result_of,
    run_own_tests,
)

pytestmark = pytest.mark.real


# What fails on a release that is source only, and must: it is not in the range of any package.
RANGE = "tests/_template/test_compatibility.py::test_this_vllm_is_in_the_tested_range"


@pytest.mark.parametrize("kind", KINDS)
def test_its_own_tests_pass_on_real_vllm(plugins, home_of, record_property, kind):
    if kind not in RUNNING:
        pytest.skip(f"{kind} does not support vLLM {VERSION}")
    _, projects = plugins
    left_out = [] if kind == KINDS[0] else SAME_IN_EACH_PACKAGE
    if is_source_only(VERSION):
        left_out = [*left_out, f"--deselect={RANGE}"]
        assert_it_says_untested(home_of(kind), projects[kind])
        record_property("untested", RELEASE)
    # An author's engines have processes of their own; those of one kind are enough to see it so.
    settings = {} if kind == KINDS[0] else IN_PROCESS
    outcomes = run_own_tests(home_of(kind), projects[kind], *left_out, limit=LONG_LIMIT, **settings)
    assert set(outcomes.values()) == {"passed"}, outcomes
    record_property("passed", len(outcomes))
    own = [path.stem for path in projects[kind].glob("tests/test_*.py")]
    for module in ("test_registration", "test_compatibility", *own):
        assert any(module in name for name in outcomes), outcomes


def assert_it_says_untested(bin_folder: Path, project: Path) -> None:
    """Assert that the one test that is for it fails, and says that the release is untested."""
    result = result_of(bin_folder / "pytest", RANGE, cwd=project, limit=LONG_LIMIT)
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout + result.stderr
    assert f"vLLM {RELEASE} is outside the range in about.py" in result.stdout


@pytest.mark.parametrize("kind", MODELS)
def test_in_process_the_output_is_that_of_hf_and_of_the_in_tree_model(
    call, settings, noted_calls, tmp_path, kind
):
    proof = proof_of(kind)
    # A class that was inspected before is not inspected again.
    shutil.rmtree(Path(settings["VLLM_CACHE_ROOT"], "modelinfos"), ignore_errors=True)
    environment = witness.install(tmp_path / "witness", f"vllm_my_{kind}")
    # Eager: the kinds' own tests compile.
    options = {"engines": EAGER, "names": proof["names"], "in_tree": True}
    result = call(proof["script"], kind, options, **environment, **IN_PROCESS)
    assert set(assert_equal_results(result, tmp_path)) == {"HF", "in-tree", *EAGER}
    front_end, *inspections = noted_calls(kind)
    assert front_end["role"] == "MainProcess"
    assert {call["role"] for call in inspections} == {"inspection"}


def test_a_lora_adapter_changes_the_tokens_as_it_does_in_peft(call, tmp_path):
    assert_equal_results(call("lora", "decoder", {}, **IN_PROCESS), tmp_path)


def test_int8_weights_give_the_tokens_of_the_in_tree_model_and_of_torch(call, tmp_path):
    results = assert_equal_results(call("quantized", "decoder", {}, **IN_PROCESS), tmp_path)
    assert set(results) == {"plugin", "in-tree", "torch"}
