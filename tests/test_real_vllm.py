"""The real lane: rendered plugins, as wheels, in real vLLM on CPU.

That is the newest supported one, or the version that the environment variable REAL_VLLM names.
The plugins' own tests do most of the work: registration, compatibility, output equal to HF's.
"""

import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
IN_PROCESS = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
COMPILED, EAGER = {"compiled": {}}, {"eager": {"enforce_eager": True}}


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


@pytest.fixture(scope="module")
def own_tests(plugins):
    """The outcomes of each kind's own tests. Two run at a time: one alone leaves a core idle."""
    bin_folder, projects = plugins
    with ThreadPoolExecutor(2) as pool:
        return {kind: pool.submit(run_own_tests, bin_folder, projects[kind]) for kind in projects}


@pytest.mark.parametrize("kind", RUNNING)
def test_its_own_tests_pass_on_real_vllm(own_tests, kind):
    outcomes = own_tests[kind].result()
    assert set(outcomes.values()) == {"passed"}, outcomes
    print(f"vLLM {VERSION}, {kind}: {len(outcomes)} passed")
    for module in ("test_registration", "test_compatibility", "test_model"):
        assert any(module in name for name in outcomes), outcomes


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """What the environment of every process with vLLM adds: no network, and one cache for all."""
    return {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CACHE_ROOT": str(tmp_path_factory.mktemp("cache")),
    }


@pytest.fixture
def call(plugins, settings, tmp_path):
    """A function that runs one of the scripts beside a kind's tests; it leaves a result.json."""
    bin_folder, projects = plugins

    def call(name: str, kind: str, options: dict, **environment) -> subprocess.CompletedProcess:
        if kind not in projects:
            pytest.skip(f"{kind} does not support vLLM {VERSION}")
        tests = projects[kind] / "tests"
        shutil.copytree(SCRIPTS, tests, dirs_exist_ok=True)
        names = CHECKPOINT_NAMES[kind] | options.get("names", {})
        arguments = [tmp_path / "checkpoint", json.dumps(options | {"names": names})]
        command = [bin_folder / "python", tests / f"{name}.py", *arguments]
        environment = os.environ | settings | environment
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


@pytest.fixture
def noted_calls(tmp_path, record_property):
    """A function that returns what the witness noted of a kind's plugin, and reports it."""

    def noted_calls(kind: str) -> list[dict]:
        calls = real_engine_witness.calls(tmp_path / "witness")
        record_property("processes", json.dumps(calls))
        assert all(NAMES[kind]["architecture"] in call["architectures"] for call in calls), calls
        # No second call in any process.
        assert len({call["pid"] for call in calls}) == len(calls), calls
        return calls

    return noted_calls


@pytest.mark.parametrize(
    ("kind", "script", "engines", "names"),
    [
        ("decoder", "generate", COMPILED | EAGER, {}),
        # The other kinds' own tests compile. What this one changes is on, and the in-tree model is
        # asked for it while sampling.
        ("extend", "generate", EAGER, {"suppressed_token_ids": list(range(64))}),
        ("embedding", "embed", EAGER, {}),
        ("multimodal", "describe", EAGER, {}),
    ],
    ids=KINDS,
)
def test_in_process_the_output_is_that_of_hf_and_of_the_in_tree_model(
    call, settings, noted_calls, tmp_path, kind, script, engines, names
):
    # A class that was inspected before is not inspected again.
    shutil.rmtree(Path(settings["VLLM_CACHE_ROOT"], "modelinfos"), ignore_errors=True)
    environment = real_engine_witness.install(tmp_path / "witness", f"vllm_my_{kind}")
    options = {"engines": engines, "names": names, "in_tree": True}
    result = call(script, kind, options, **environment, **IN_PROCESS)
    assert set(assert_equal_results(result, tmp_path)) == {"HF", "in-tree", *engines}
    front_end, *inspections = noted_calls(kind)
    assert front_end["role"] == "MainProcess"
    assert {call["role"] for call in inspections} == {"inspection"}


def test_a_lora_adapter_changes_the_tokens_as_it_does_in_peft(call, tmp_path):
    assert_equal_results(call("lora", "decoder", {}, **IN_PROCESS), tmp_path)


def test_int8_weights_give_the_tokens_of_the_in_tree_model_and_of_torch(call, tmp_path):
    results = assert_equal_results(call("quantized", "decoder", {}, **IN_PROCESS), tmp_path)
    assert set(results) == {"plugin", "in-tree", "torch"}


@pytest.mark.parametrize(
    ("engine_options", "workers", "method"),
    [
        ({"enforce_eager": True}, 1, "fork"),
        ({"tensor_parallel_size": 2}, 2, "spawn"),
        ({"pipeline_parallel_size": 2}, 2, "spawn"),
    ],
    ids=["one worker and fork asked for", "tensor parallel 2", "pipeline parallel 2"],
)
def test_in_processes_of_its_own_too_and_each_calls_register_once(
    call, noted_calls, tmp_path, engine_options, workers, method
):
    environment = real_engine_witness.install(tmp_path / "witness", "vllm_my_decoder")
    environment["VLLM_CPU_OMP_THREADS_BIND"] = "|".join(str(core) for core in range(workers))
    environment["VLLM_WORKER_MULTIPROC_METHOD"] = method
    result = call("generate", "decoder", {"engines": {"plugin": engine_options}}, **environment)
    assert_equal_results(result, tmp_path)
    front_end, engine_core, *others = outside_inspection(noted_calls("decoder"))
    assert [front_end["role"], engine_core["role"]] == ["MainProcess", "EngineCore"]
    assert len(others) == workers, others
    # On CPU vLLM spawns whatever it is asked for. A plugin's own tests do fork.
    assert all(process["spawned"] for process in [engine_core, *others]), others


def outside_inspection(calls: list[dict]) -> list[dict]:
    """Leave out the subprocesses that inspect a class, which start only if none did before."""
    return [call for call in calls if call["role"] != "inspection"]


@contextmanager
def ray_cluster(bin_folder, settings, *nodes):
    """Start a Ray cluster, with what the environment of each node adds; give its address."""
    command = [bin_folder / "python", SCRIPTS / "cluster.py", json.dumps(nodes)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    # It ends when its input does: at the end of this block, and with this process.
    with subprocess.Popen(command, env=os.environ | settings, **pipes) as process:
        address = process.stdout.readline().strip()
        assert address, "the cluster did not start"
        yield address


IN_RAY = {
    "enforce_eager": True,
    "tensor_parallel_size": 2,
    "distributed_executor_backend": "ray",
}


def test_on_two_nodes_of_ray_too_and_each_actor_calls_register_once(
    plugins, settings, call, noted_calls, tmp_path
):
    environment = real_engine_witness.install(tmp_path / "witness", "vllm_my_decoder")
    real_engine_witness.install_ray_platform(tmp_path / "witness")
    with ray_cluster(plugins[0], settings, environment, environment) as address:
        options = {"engines": {"plugin": IN_RAY}}
        result = call("generate", "decoder", options, RAY_ADDRESS=address, **environment)
    assert_equal_results(result, tmp_path)
    front_end, engine_core, *actors = outside_inspection(noted_calls("decoder"))
    assert [front_end["role"], engine_core["role"]] == ["MainProcess", "EngineCore"]
    assert [actor["role"] for actor in actors] == ["Ray actor", "Ray actor"]
    assert len({actor["node"] for actor in actors}) == 2, actors


@pytest.fixture
def plugin_in_a_folder(plugins, tmp_path):
    """Take one plugin out of the environment into a folder, for nodes that are to have it."""
    bin_folder, projects = plugins
    [wheel] = projects["decoder"].glob("dist/*.whl")
    real_vllm.uninstall(bin_folder, "vllm_my_decoder")
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
    yield str(tmp_path / "installed")
    real_vllm.install(bin_folder, wheel)


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        ("not installed", "No module named 'vllm_my_decoder'"),
        ("kept out", "Model architectures ['MyDecoderForCausalLM'] are not supported for now"),
    ],
    ids=["not installed", "kept out by VLLM_PLUGINS"],
)
def test_a_node_of_ray_that_lacks_the_plugin_says_so(
    plugins, settings, call, plugin_in_a_folder, tmp_path, record_property, lacking, message
):
    platform = tmp_path / "platform"
    real_engine_witness.install_ray_platform(platform)
    with_plugin = {"PYTHONPATH": f"{platform}{os.pathsep}{plugin_in_a_folder}"}
    without = {
        "not installed": {"PYTHONPATH": str(platform)},
        "kept out": with_plugin | {"VLLM_PLUGINS": "ray_on_cpu"},
    }[lacking]
    with ray_cluster(plugins[0], settings, with_plugin, without) as address:
        options = {"engines": {"plugin": IN_RAY}}
        result = call("generate", "decoder", options, RAY_ADDRESS=address, **with_plugin)
    assert result.returncode != 0
    output = result.stdout + result.stderr
    # Ray names process and machine, then the cause.
    pattern = rf"RayWorkerProc\.\w+\(\)\S* \((pid=\d+, ip=[^,]+).*?({re.escape(message)})"
    shown = re.search(pattern, output, re.DOTALL)
    assert shown, output
    record_property("message", ": ".join(shown.groups()))


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
    result = call("generate", "decoder", {"engines": EAGER})
    assert_equal_results(result, tmp_path)
    output = result.stdout + result.stderr
    # Once in each process: front end, engine core, worker.
    assert output.count("Plugin vllm_my_broken: register_config() failed with RuntimeError") >= 3
    assert output.count("RuntimeError: broken on purpose") >= 3


@pytest.mark.usefixtures("broken_plugin")
def test_a_broken_plugin_raises_when_told_to(call):
    options = {"engines": EAGER}
    result = call("generate", "decoder", options, STRICT_VLLM_PLUGINS="1", **IN_PROCESS)
    assert result.returncode != 0
    assert "RuntimeError: broken on purpose" in result.stderr
