"""A rendered plugin, as a wheel, in all the processes that real vLLM starts: its own, Ray's, a server's."""

import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
import witness
from lane import (
    BROKEN,
    EAGER,
    IN_PROCESS,
    SCRIPTS,
    VERSION,
    assert_equal_results,
    build,
    wheel_of,
)
from shared import environments
from shared.rendering import LIMIT, at_most, render_into

pytestmark = pytest.mark.real


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
    environment = witness.install(tmp_path / "witness", "vllm_my_decoder")
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
    environment = os.environ | settings
    # It ends when its input does: at the end of this block, and with this process.
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as process:
        # What goes wrong it says on standard error, which pytest shows.
        with at_most(LIMIT, process):
            address = process.stdout.readline().strip()
        assert address, f"the cluster did not start in {LIMIT} s"
        try:
            yield address
        finally:
            process.stdin.close()
            with at_most(LIMIT, process) as late:
                process.wait(2 * LIMIT)
        assert not late.is_set(), f"the cluster did not end in {LIMIT} s"


IN_RAY = {
    "enforce_eager": True,
    "tensor_parallel_size": 2,
    "distributed_executor_backend": "ray",
}


# One cluster at a time.
@pytest.mark.xdist_group("ray")
def test_on_two_nodes_of_ray_too_and_each_actor_calls_register_once(
    plugins, settings, call, noted_calls, tmp_path
):
    environment = witness.install(tmp_path / "witness", "vllm_my_decoder")
    witness.install_ray_platform(tmp_path / "witness")
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
    """An environment without a plugin, and a folder with one, for nodes that are to have it."""
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    shutil.unpack_archive(wheel_of(plugins[1]["decoder"]), tmp_path / "installed", "zip")
    return bin_folder, str(tmp_path / "installed")


@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        ("not installed", "No module named 'vllm_my_decoder'"),
        ("kept out", "Model architectures ['MyDecoderForCausalLM'] are not supported for now"),
    ],
    ids=["not installed", "kept out by VLLM_PLUGINS"],
)
def test_a_node_of_ray_that_lacks_the_plugin_says_so(
    settings, call, plugin_in_a_folder, tmp_path, record_property, lacking, message
):
    bin_folder, folder = plugin_in_a_folder
    platform = tmp_path / "platform"
    witness.install_ray_platform(platform)
    with_plugin = {"PYTHONPATH": f"{platform}{os.pathsep}{folder}"}
    without = {
        "not installed": {"PYTHONPATH": str(platform)},
        "kept out": with_plugin | {"VLLM_PLUGINS": "ray_on_cpu"},
    }[lacking]
    with ray_cluster(bin_folder, settings, with_plugin, without) as address:
        options = {"engines": {"plugin": IN_RAY}}
        more = with_plugin | {"RAY_ADDRESS": address}
        result = call("generate", "decoder", options, bin_folder, **more)
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
def beside_a_broken_one(plugins, tmp_path) -> Path:
    """An environment with a plugin, and with one that fails when vLLM calls its register()."""
    project = render_into(tmp_path, **BROKEN)
    with (project / "vllm_my_broken" / "config.py").open("a") as config:
        config.write('\nraise RuntimeError("broken on purpose")\n')
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    environments.install(bin_folder, wheel_of(plugins[1]["decoder"]), build(project))
    return bin_folder


def test_a_broken_plugin_stops_no_other_model_and_says_why(call, beside_a_broken_one, tmp_path):
    result = call("generate", "decoder", {"engines": EAGER}, beside_a_broken_one)
    assert_equal_results(result, tmp_path)
    output = result.stdout + result.stderr
    # Once in each process: front end, engine core, worker.
    said = r"Plugin vllm_my_broken: vllm_my_broken\._models\.register_model_type\(.+\) failed with RuntimeError"
    assert len(re.findall(said, output)) >= 3
    assert output.count("RuntimeError: broken on purpose") >= 3


def test_a_broken_plugin_raises_when_told_to(call, beside_a_broken_one):
    strict = IN_PROCESS | {"STRICT_VLLM_PLUGINS": "1"}
    result = call("generate", "decoder", {"engines": EAGER}, beside_a_broken_one, **strict)
    assert result.returncode != 0
    assert "RuntimeError: broken on purpose" in result.stderr
