"""The doctor finds what is wrong with how the package is installed."""

import shutil

import pytest
from breaking import (
    ARCHITECTURE,
    ENGINE,
    HEALTHY,
    MODEL_CLASS,
    NAME,
    PLUGIN,
    another_plugin,
    copy,
    egg_info,
)
from shared.rendering import SUPPORTED_VLLM, make_environment, run

pytestmark = pytest.mark.xdist_group("doctor")


def test_nothing_is_wrong(doctor, built):
    report = doctor(built.site, ENGINE)
    assert f"{built.site}/{NAME}-0.1.0.dist-info" in report[0]["found"]
    assert "The fixture engine " + SUPPORTED_VLLM[-1] in report[2]["found"]
    assert f"{ARCHITECTURE} belongs to {MODEL_CLASS}" in report[4]["found"]


def test_a_healthy_editable_install_has_nothing_wrong(doctor, built, tmp_path):
    project = copy(built.project, tmp_path / NAME)
    bin_folder = make_environment(tmp_path / "venv", "--editable", project)
    # The build leaves an egg-info beside the package, which a clone on the path shows too.
    assert (project / f"{NAME}.egg-info").exists()
    for path in ([ENGINE], [ENGINE, project]):
        doctor(*path, python=bin_folder / "python")


def test_the_package_is_not_installed(doctor, built):
    wanted = f"{NAME} is not installed in {built.venv}."
    cure = f"uv pip install --python {built.python} --force-reinstall {built.project}"
    doctor(ENGINE, expected=[("problem", wanted, cure)], ok=2, cwd=built.project)


def test_a_stale_egg_info_hides_the_plugin(doctor, built, tmp_path):
    stale = egg_info(built, tmp_path, "vllm.general_plugins", "some.other_group")
    hidden = f"{built.site}/{NAME}-0.1.0.dist-info"
    wanted = f"{stale} names no plugin {PLUGIN} in vllm.general_plugins, and hides {hidden}."
    expected = [("problem", wanted, f"delete {stale}")]
    doctor(stale.parent, built.site, ENGINE, expected=expected, ok=2)


def test_the_metadata_has_no_entry_point(doctor, built, site):
    (site / f"{NAME}-0.1.0.dist-info" / "entry_points.txt").unlink()
    wanted = f"{site}/{NAME}-0.1.0.dist-info names no plugin {PLUGIN} in vllm.general_plugins."
    doctor(site, ENGINE, expected=[("problem", wanted, " --force-reinstall vllm_my_model")], ok=2)


def test_it_is_installed_twice(doctor, built, tmp_path):
    stale = egg_info(built, tmp_path, 'version="0.1.0"', 'version="0.0.9"')
    hides = f"{stale} hides {built.site}/{NAME}-0.1.0.dist-info: {NAME} is installed twice."
    imported = f"{built.site}/{NAME} is imported, and hides the package that {stale} belongs to."
    expected = [("warning", hides, "delete the one"), ("warning", imported, "PYTHONPATH")]
    doctor(stale.parent, built.site, ENGINE, expected=expected, ok=HEALTHY - 1)


def test_an_editable_install_of_a_folder_that_is_gone(doctor, built, tmp_path):
    project = copy(built.project, tmp_path / NAME)
    bin_folder = make_environment(tmp_path / "venv", "--editable", project)
    moved = project.rename(tmp_path / "moved")
    [metadata] = (tmp_path / "venv").glob("lib/*/site-packages/*.dist-info")
    wanted = f"{metadata} is an editable install of {project}, which is gone."
    expected = [("problem", wanted, f" --force-reinstall {moved}")]
    doctor(ENGINE, python=bin_folder / "python", expected=expected, ok=2, cwd=moved)


def test_a_setup_py_develop_install_of_a_folder_that_is_gone(doctor, built, tmp_path):
    project = copy(built.project, tmp_path / NAME)
    # The last version that installs so; the file is left when the folder goes.
    bin_folder = make_environment(tmp_path / "venv", "setuptools==79.0.1")
    run(bin_folder / "python", "setup.py", "develop", "--no-deps", cwd=project)
    [link] = (tmp_path / "venv").glob("lib/*/site-packages/*.egg-link")
    moved = project.rename(tmp_path / "moved")
    # setuptools left this inside the project.
    shutil.rmtree(moved / f"{NAME}.egg-info")
    wanted = f"{NAME} is not installed in {tmp_path}/venv. {link} is left of an editable install."
    expected = [("problem", wanted, str(moved))]
    doctor(ENGINE, python=bin_folder / "python", expected=expected, ok=2, cwd=moved)


def test_the_metadata_is_there_without_its_package(doctor, built, site):
    shutil.rmtree(site / NAME)
    wanted = f"{site}/{NAME}-0.1.0.dist-info is there, and the package {NAME} is not."
    expected = [("problem", wanted, f"--force-reinstall {built.project}")]
    doctor(site, ENGINE, expected=expected, ok=2, cwd=built.project)


@pytest.mark.parametrize(
    ("ours_first", "level", "runs", "ok"),
    [(True, "problem", "that", 2), (False, "warning", "this", 8)],
)
def test_another_package_has_the_plugin_name(doctor, built, tmp_path, ours_first, level, runs, ok):
    others = tmp_path / "others"
    another_plugin(others, tmp_path, PLUGIN, "pass")
    path = [built.site, others] if ours_first else [others, built.site]
    wanted = f"{others}/other-2.dist-info has a plugin {PLUGIN} too; vLLM runs only {runs} one."
    ok = ok + 1 if level == "problem" else ok
    doctor(
        *path,
        ENGINE,
        expected=[(level, wanted, f"uv pip uninstall --python {built.python} other")],
        ok=ok,
    )
