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
PACKAGES = [names["package_name"] for names in [*NAMES.values(), BROKEN]]

# Generate with the decoder, by the engine options given, and leave the tokens of vLLM and of HF.
GENERATE = """
import json, sys
from pathlib import Path
from tiny_llama import PROMPTS, greedy_in_hf, greedy_in_vllm, save_checkpoint

if __name__ == "__main__":
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    names = {"architectures": ["MyDecoderForCausalLM"], "model_type": "vllm_my_decoder"}
    reference = save_checkpoint(folder, tie_word_embeddings=True, **names)
    actual = [tokens for tokens, _ in greedy_in_vllm(folder, PROMPTS, 8, **options)]
    expected = [greedy_in_hf(reference, prompt, 8)[0] for prompt in PROMPTS]
    (folder / "tokens.json").write_text(json.dumps([actual, expected]))
"""


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
def generate(plugins, tmp_path):
    """A function that generates in a new process; the tokens are then in checkpoint/tokens.json."""
    bin_folder, projects = plugins
    script = projects["decoder"] / "tests" / "generate.py"
    script.write_text(GENERATE)
    settings = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CACHE_ROOT": str(tmp_path / "cache"),
    }

    def generate(options: dict, **environment: str) -> subprocess.CompletedProcess:
        command = [bin_folder / "python", script, tmp_path / "checkpoint", json.dumps(options)]
        environment = os.environ | settings | environment
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    return generate


def assert_same_tokens(result: subprocess.CompletedProcess, folder: Path) -> None:
    assert result.returncode == 0, result.stderr
    actual, expected = json.loads((folder / "checkpoint" / "tokens.json").read_text())
    assert actual == expected


@pytest.mark.parametrize("parallel", ["tensor_parallel_size", "pipeline_parallel_size"])
def test_two_workers_generate_what_one_does(generate, tmp_path, parallel):
    result = generate({parallel: 2}, VLLM_CPU_OMP_THREADS_BIND="0|1")
    assert_same_tokens(result, tmp_path)


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
def test_a_broken_plugin_stops_no_other_model_and_says_why(generate, tmp_path):
    result = generate({"enforce_eager": True})
    assert_same_tokens(result, tmp_path)
    output = result.stdout + result.stderr
    # Once in each process: front end, engine core, worker.
    assert output.count("Plugin vllm_my_broken: register_config() failed with RuntimeError") >= 3
    assert output.count("RuntimeError: broken on purpose") >= 3


@pytest.mark.usefixtures("broken_plugin")
def test_a_broken_plugin_raises_when_told_to(generate):
    result = generate({"enforce_eager": True}, STRICT_VLLM_PLUGINS="1")
    assert result.returncode != 0
    assert "RuntimeError: broken on purpose" in result.stderr
