"""The fixture engine's processes: what they report, and how they fail and end."""

import json
from pathlib import Path

import pytest


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_every_process_of_an_engine_has_the_model(site, method):
    site.model("FxModel")
    options = ["--workers", "2", "--start-method", method, "--architecture", "FxModel"]
    out = site.run("-m", "vllm.fixture", *options)
    assert out.returncode == 0, out.stderr
    front_end, core, *workers = reports = json.loads(out.stdout)
    assert [report["role"] for report in reports] == [
        *("front end", "engine core", "worker 0", "worker 1")
    ]
    pids = [report["pid"] for report in reports]
    assert len(set(pids)) == 4
    assert core["parent_pid"] == front_end["pid"]
    assert [worker["parent_pid"] for worker in workers] == 2 * [core["pid"]]
    assert [report["start_method"] for report in reports] == [None, method, method, method]
    assert [report["plugins"] for report in reports] == 4 * [["model"]]
    owner = "the_model:FxModel"
    assert [report["architectures"] for report in reports] == 4 * [{"FxModel": owner}]
    assert [report["model_class"] for report in reports] == [owner, None, owner, owner]

    called_in = {int(r.split()[1]) for r in site.records if r.startswith("called")}
    imported_in = {int(r.split()[1]) for r in site.records if r.startswith("imported")}
    (inspector,) = imported_in - set(pids)
    assert imported_in == {inspector, *pids[2:]}
    # A forked child inherits what was registered; a spawned one registers anew.
    assert called_in == {inspector, *(pids if method == "spawn" else pids[:1])}


def test_a_class_and_an_overwritten_architecture_are_reported_with_their_owner(site):
    body = """
        class Model: pass
        ModelRegistry.register_model("FxModel", Model)
        ModelRegistry.register_model("LlamaForCausalLM", "mine:Mine")
    """
    site.plugin("a", body)
    (front_end, *_) = json.loads(site.run("-m", "vllm.fixture").stdout)
    assert front_end["architectures"] == {
        "FxModel": "plugin_a:register.<locals>.Model",
        "LlamaForCausalLM": "mine:Mine",
    }


def test_nothing_but_json_reaches_standard_output(site):
    site.plugin("a", "print('printed'); os.system('echo shouted')")
    out = site.run("-m", "vllm.fixture", VLLM_LOGGING_LEVEL="DEBUG")
    assert len(json.loads(out.stdout)) == 3
    assert (out.stderr.count("printed\n"), out.stderr.count("shouted\n")) == (3, 3)
    # The front end configures logging only after it has loaded the plugins.
    assert out.stderr.count("Available plugins for group vllm.general_plugins:") == 2
    assert "(EngineCore pid=" in out.stderr
    assert "(VllmWorker-0 pid=" in out.stderr


@pytest.mark.parametrize(
    ("process", "action", "cause", "code"),
    [
        ("EngineCore", "raise OSError('broken here')", "OSError: broken here", 1),
        ("VllmWorker-1", "raise OSError('broken here')", "OSError: broken here", 1),
        ("EngineCore", "os._exit(0)", "", 0),
        ("VllmWorker-1", "os._exit(7)", "", 7),
    ],
)
def test_a_process_that_fails_to_start_fails_the_engine(site, process, action, cause, code):
    site.plugin("a", f"if multiprocessing.current_process().name == {process!r}: {action}")
    out = site.run("-m", "vllm.fixture", "--workers", "2")
    assert (out.returncode, out.stdout) == (1, "")
    assert cause in out.stderr
    failed = f"See root cause above. Failed proc(s): { ({process: code}) }\n"
    assert f"initialization failed. {failed}" in out.stderr
    core_code = code if process == "EngineCore" else 1
    assert out.stderr.splitlines()[-1] == (
        "RuntimeError: Engine core initialization failed. See root cause above. "
        f"Failed proc(s): { ({'EngineCore': core_code}) }"
    )


def test_a_model_that_only_workers_cannot_load_fails_the_engine(site):
    site.model("FxModel", top="if 'Worker' in multiprocessing.current_process().name: 1 / 0")
    out = site.run("-m", "vllm.fixture", "--architecture", "FxModel")
    assert out.returncode == 1
    assert "Error in loading model architecture 'FxModel'" in out.stderr
    assert "ZeroDivisionError" in out.stderr
    assert "Failed proc(s): {'VllmWorker-0': 1}" in out.stderr


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_worker_that_hangs_is_ended_with_the_others(site, method):
    # The model is loaded in each worker, forked or not; the plugin runs in the spawned ones only.
    site.model(
        "FxModel",
        top="""
            if "Worker" in multiprocessing.current_process().name:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                record(f"hangs {os.getpid()}")
                time.sleep(600)
        """,
    )
    settings = f"workers=2, start_method={method!r}, architecture='FxModel', seconds=5"
    out = site.fails(f"from vllm.fixture import start_engine; start_engine({settings})")
    assert "Failed proc(s): {'VllmWorker-0': None}" in out.stderr
    assert out.stderr.splitlines()[-1].endswith("Failed proc(s): {'EngineCore': 1}")
    hung = [int(record.split()[1]) for record in site.records if record.startswith("hangs")]
    assert hung
    assert not [pid for pid in hung if Path(f"/proc/{pid}").exists()]


def test_an_engine_core_that_hangs_is_ended_too(site):
    site.plugin(
        "a",
        """
        if multiprocessing.current_process().name == "EngineCore":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            record(f"{os.getpid()}")
            time.sleep(600)
        """,
    )
    out = site.fails("from vllm.fixture import start_engine; start_engine(seconds=2)")
    assert out.stderr.splitlines()[-1].endswith("Failed proc(s): {'EngineCore': None}")
    (hung,) = site.records
    assert not Path(f"/proc/{hung}").exists()


def test_an_engine_starts_from_a_script_and_from_pytest(site):
    site.module(
        "test_it",
        """
        from vllm.fixture import start_engine
        def test_it():
            for method in "spawn", "fork":
                assert len(start_engine(start_method=method)) == 3
        if __name__ == "__main__":
            test_it()
        """,
    )
    script = str(site.folder / "site/test_it.py")
    for command in [script], ["-m", "pytest", "-q", "-p", "no:cacheprovider", script]:
        out = site.run(*command)
        assert out.returncode == 0, out.stdout + out.stderr


@pytest.mark.parametrize(
    "option", [["--workers", "0"], ["--workers", "x"], ["--start-method", "f"]]
)
def test_wrong_options_are_refused(site, option):
    out = site.run("-m", "vllm.fixture", *option)
    assert (out.returncode, out.stdout) == (2, "")
    assert f"error: argument {option[0]}: invalid" in out.stderr
