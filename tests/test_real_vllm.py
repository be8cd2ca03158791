"""The real lane: rendered plugins, as wheels, in real vLLM on CPU.

That is the newest supported one, or the version that the environment variable REAL_VLLM names.
The plugins' own tests do most of the work: registration, compatibility, output equal to HF's.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import real_engine_witness
import real_vllm
from helpers import KINDS, SUPPORTED_VLLM, render_into, run, run_own_tests

pytestmark = pytest.mark.real
VERSION = os.environ.get("REAL_VLLM", SUPPORTED_VLLM[-1])
RUNNING = [kind for kind in KINDS if VERSION in real_vllm.supported_by(kind)]

# One package for each kind, so that all can be installed at the same time.
NAMES = {
    kind: {"package_name": f"vllm_my_{kind}", "architecture": f"My{kind.title()}ForCausalLM"}
    for kind in RUNNING
}
BROKEN = {"package_name": "vllm_my_broken", "architecture": "MyBrokenForCausalLM"}
CHECKPOINT_NAMES = {
    kind: {"architectures": [names["architecture"]], "model_type": names["package_name"]}
    for kind, names in NAMES.items()
}
PACKAGES = [names["package_name"] for names in [*NAMES.values(), BROKEN]]

SCRIPTS = Path(__file__).parent / "real_scripts"


def build(project: Path) -> Path:
    """Build a rendered project, remove its package, which the wheel is to bring; return that."""
    run("python", "-m", "build", "--wheel", "--installer", "uv", project)
    shutil.rmtree(project / project.name)
    [wheel] = project.glob("dist/*.whl")
    return wheel


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    """The bin folder of an environment with vLLM and one plugin of each kind, and their tests."""
    bin_folder = real_vllm.environment(VERSION)
    real_vllm.uninstall(bin_folder, *PACKAGES)
    projects = {}
    for kind, names in NAMES.items():
        projects[kind] = render_into(tmp_path_factory.mktemp(kind), model_kind=kind, **names)
        real_vllm.install(bin_folder, build(projects[kind]))
    yield bin_folder, projects
    real_vllm.uninstall(bin_folder, *PACKAGES)


@pytest.mark.parametrize("kind", RUNNING)
def test_its_own_tests_pass_on_real_vllm(plugins, kind):
    bin_folder, projects = plugins
    outcomes = run_own_tests(bin_folder, projects[kind])
    assert set(outcomes.values()) == {"passed"}, outcomes
    print(f"vLLM {VERSION}, {kind}: {len(outcomes)} passed")
    for module in ("test_registration", "test_compatibility", "test_model"):
        assert any(module in name for name in outcomes), outcomes


@pytest.fixture
def call(plugins, tmp_path):
    """A function that runs one of the scripts beside a kind's tests; it leaves a result.json."""
    bin_folder, projects = plugins
    settings = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CACHE_ROOT": str(tmp_path / "cache"),
    }

    def call(name: str, kind: str, options: dict, **environment) -> subprocess.CompletedProcess:
        if kind not in projects:
            pytest.skip(f"{kind} does not support vLLM {VERSION}")
        script = shutil.copy(SCRIPTS / f"{name}.py", projects[kind] / "tests")
        facts = json.dumps(options | {"names": CHECKPOINT_NAMES[kind]})
        environment = os.environ | settings | environment
        command = [bin_folder / "python", script, tmp_path / "checkpoint", facts]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    return call


def assert_equal_results(result: subprocess.CompletedProcess, folder: Path) -> dict:
    """Assert that what vLLM gave and each reference are the same, and return them all."""
    assert result.returncode == 0, result.stdout + result.stderr
    results = json.loads((folder / "checkpoint" / "result.json").read_text())
    assert len(results) >= 2, results
    first, *others = results.values()
    for other in others:
        assert other == first, results
    return results


@pytest.mark.parametrize("engine_options", [{}, {"enforce_eager": True}], ids=["compiled", "eager"])
def test_in_process_the_tokens_are_those_of_the_in_tree_model_and_of_hf(
    call, tmp_path, engine_options
):
    options = {"engine": engine_options, "in_tree": True}
    result = call("generate", "decoder", options, VLLM_ENABLE_V1_MULTIPROCESSING="0")
    assert set(assert_equal_results(result, tmp_path)) == {"plugin", "HF", "in-tree"}


@pytest.mark.parametrize(
    ("engine_options", "workers"),
    [({}, 1), ({"tensor_parallel_size": 2}, 2), ({"pipeline_parallel_size": 2}, 2)],
    ids=["one worker", "tensor parallel 2", "pipeline parallel 2"],
)
def test_in_processes_of_its_own_too_and_each_calls_register_once(
    call, tmp_path, record_property, engine_options, workers
):
    witness = real_engine_witness.install(tmp_path / "witness", "vllm_my_decoder")
    threads = "|".join(str(core) for core in range(workers))
    result = call(
        "generate",
        "decoder",
        {"engine": engine_options},
        VLLM_CPU_OMP_THREADS_BIND=threads,
        **witness,
    )
    assert_equal_results(result, tmp_path)
    calls = real_engine_witness.calls(tmp_path / "witness")
    record_property("processes", json.dumps(calls))
    engine = [call for call in calls if call["role"] != "inspection"]
    # Front end, engine core and the workers, each with its own pid: no second call in any.
    assert len({call["pid"] for call in engine}) == len(engine) == 2 + workers, calls
    assert all("MyDecoderForCausalLM" in call["architectures"] for call in calls), calls


def test_a_lora_adapter_changes_the_tokens_as_its_merged_weights_do(call, tmp_path):
    result = call("lora", "decoder", {}, VLLM_ENABLE_V1_MULTIPROCESSING="0")
    assert_equal_results(result, tmp_path)


@pytest.mark.parametrize("kind", ["decoder", "embedding"])
def test_the_server_answers_the_openai_client(call, tmp_path, kind):
    result = call("serve", kind, {"pooling": kind == "embedding"})
    results = assert_equal_results(result, tmp_path)
    assert results["server"]["models"] == [str(tmp_path / "checkpoint")]


@pytest.fixture
def broken_plugin(plugins, tmp_path):
    """Install one more plugin, which fails when vLLM calls its register()."""
    bin_folder, _ = plugins
    project = render_into(tmp_path, **BROKEN)
    with (project / "vllm_my_broken" / "config.py").open("a") as config:
        config.write('\nraise RuntimeError("broken on purpose")\n')
    real_vllm.install(bin_folder, build(project))
    yield
    real_vllm.uninstall(bin_folder, BROKEN["package_name"])


@pytest.mark.usefixtures("broken_plugin")
def test_a_broken_plugin_stops_no_other_model_and_says_why(call, tmp_path):
    result = call("generate", "decoder", {"engine": {"enforce_eager": True}})
    assert_equal_results(result, tmp_path)
    output = result.stdout + result.stderr
    # Once in each process: front end, engine core, worker.
    assert output.count("Plugin vllm_my_broken: register_config() failed with RuntimeError") >= 3
    assert output.count("RuntimeError: broken on purpose") >= 3


@pytest.mark.usefixtures("broken_plugin")
def test_a_broken_plugin_raises_when_told_to(call):
    options = {"engine": {"enforce_eager": True}}
    result = call("generate", "decoder", options, STRICT_VLLM_PLUGINS="1")
    assert result.returncode != 0
    assert "RuntimeError: broken on purpose" in result.stderr
