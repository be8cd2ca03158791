"""What is rendered is clean: for every kind of model and license the public checkers are silent."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from itertools import cycle
from pathlib import Path

import pytest
from shared.rendering import (
    KINDS,
    ROOT,
    RULES,
    TEMPLATE,
    documents_of,
    make_environment,
    needed_by_tests,
    read_about,
    render_into,
    result_of,
    run,
)

LICENSES = ["Apache-2.0", "MIT", "BSD-3-Clause", "Proprietary"]
# What Windows keeps for devices, in any folder and with any suffix.
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


BUILD_WHEELS = """
import os, shutil, sys
from setuptools.build_meta import build_wheel

for folder in sys.argv[1:]:
    os.chdir(folder)
    build_wheel("dist")
    shutil.rmtree("build")
"""


# Every license with one kind, and every kind with one license: neither changes what the other does.
PAIRS = [(KINDS[0], name) for name in LICENSES]
PAIRS += zip(KINDS[1:], cycle(LICENSES), strict=False)


@pytest.fixture(scope="session")
def projects(tmp_path_factory) -> list[Path]:
    """Every kind and every license, each with its wheel in dist/."""
    folder = tmp_path_factory.mktemp("all")
    projects = [render_into(folder / kind / name, kind=kind, license=name) for kind, name in PAIRS]
    run(sys.executable, "-c", BUILD_WHEELS, *projects)
    return projects


@pytest.mark.xdist_group("clean")
def test_the_checkers_of_packages_find_nothing(projects):
    wheels = [wheel for project in projects for wheel in project.glob("dist/*.whl")]
    assert len(wheels) == len(PAIRS)
    run("twine", "check", "--strict", *wheels)
    run("check-wheel-contents", *wheels)
    run("validate-pyproject", *(project / "pyproject.toml" for project in projects))


@pytest.mark.xdist_group("clean")
def test_ruff_finds_nothing(projects):
    # Each file is checked by the settings of the project that it is in.
    run("ruff", "check", *projects)
    run("ruff", "format", "--check", *projects)


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory) -> Path:
    """One cache for all runs: most of what the type checker reads is Python's own."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.xdist_group("clean")
@pytest.mark.parametrize("kind", KINDS)
def test_the_type_checker_finds_nothing(projects, kind, mypy_cache):
    # A license changes two strings in setup.py, and no type.
    project = next(project for project in projects if kind in project.parts)
    tests = [*project.glob("tests/*.py"), *project.glob("tests/_template/*.py")]
    options = ["--cache-dir", mypy_cache, "--explicit-package-bases"]
    settings = os.environ | {"MYPYPATH": f".{os.pathsep}tests"}
    run("mypy", *options, project.name, "setup.py", *tests, cwd=project, env=settings)


@pytest.mark.xdist_group("clean")
def test_the_strict_type_checker_finds_nothing_in_the_audit(projects, mypy_cache):
    # Its modules import each other by bare names, and are the same in every package.
    audit = projects[0] / "tests" / "_template" / "audit"
    files = sorted(file.name for file in audit.glob("*.py"))
    assert "__main__.py" in files
    run("mypy", "--strict", "--cache-dir", mypy_cache, *files, cwd=audit)


@pytest.mark.xdist_group("clean")
def test_the_type_checker_finds_nothing_in_the_template_itself(mypy_cache):
    options = ["--ignore-missing-imports", "--cache-dir", mypy_cache, "--explicit-package-bases"]
    settings = os.environ | {"MYPYPATH": "tools"}
    # It takes no two modules of one name.
    files = ["answer_rules.py", "template_extension.py", "tools", "tests"]
    run("mypy", *options, "--exclude", "in_vllm/conftest.py", *files, cwd=ROOT, env=settings)
    settings = os.environ | {"MYPYPATH": f"tools{os.pathsep}tests/in_vllm"}
    run("mypy", *options, "tests/in_vllm/conftest.py", cwd=ROOT, env=settings)
    settings = os.environ | {"MYPYPATH": f"tools{os.pathsep}benchmarks"}
    run("mypy", *options, "benchmarks", cwd=ROOT, env=settings)


def test_so_is_this_repository():
    run("ruff", "check", ".", cwd=ROOT)
    run("ruff", "format", "--check", ".", cwd=ROOT)
    run("validate-pyproject", "pyproject.toml", cwd=ROOT)
    run("zizmor", "--offline", "--no-progress", ".github", cwd=ROOT)


def wheel_of(project: Path, folder: Path) -> bytes:
    """Build a project that stands in ``folder``, and return the wheel's bytes."""
    copy = shutil.copytree(project, folder / project.name)
    settings = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    run("python", "-m", "build", "--wheel", "--no-isolation", copy, env=settings)
    [wheel] = copy.glob("dist/*.whl")
    return wheel.read_bytes()


def test_two_builds_of_one_tree_give_the_same_wheel(render, tmp_path):
    one, other = (wheel_of(render(), tmp_path / name) for name in ("one", "other"))
    assert one == other


def repository_files() -> list[str]:
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout
    return [name for name in files.splitlines() if (ROOT / name).exists()]


def test_every_name_is_legal_on_windows_and_macos(render):
    project = render()
    rendered = [path.relative_to(project).as_posix() for path in project.rglob("*")]
    for names in (repository_files(), rendered):
        assert len(names) > 30
        assert len({name.casefold() for name in names}) == len(names)
        for name in names:
            assert re.fullmatch(r"[\w.{}()/-]+", name, re.ASCII), name
            assert not any(DEVICES.fullmatch(part) for part in name.split("/")), name
            assert not name.endswith("."), name


def test_line_endings_are_the_same_on_every_system():
    names = repository_files()
    assert not [name for name in names if b"\r" in (ROOT / name).read_bytes()]
    attributes = run("git", "check-attr", "eol", "--", *names, cwd=ROOT).stdout.splitlines()
    assert {line.rpartition(": ")[2] for line in attributes} == {"lf"}


# The steps of a Dockerfile that run a command, as a build would run them, but in an environment.
@pytest.fixture(scope="session")
def image(tmp_path_factory) -> Path:
    """An environment with the fixture engine as its vLLM, which stands in for vLLM's image."""
    folder = tmp_path_factory.mktemp("image")
    bin_folder = make_environment(folder / "venv", "setuptools")
    [site_packages] = folder.glob("venv/lib/*/site-packages")
    engine = TEMPLATE / "tests" / "_template" / "fixture_engine"
    (site_packages / "fixture_engine.pth").write_text(str(engine))
    return bin_folder


def build_image(project: Path, folder: Path, bin_folder: Path) -> subprocess.CompletedProcess:
    """Run the steps of a project's Dockerfile up to the user's, and return the last one's result."""
    folder.mkdir()
    settings = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    text = (project / "Dockerfile").read_text()
    for step in re.findall(r"^(?:COPY|RUN) .*", text.partition("RUN useradd")[0], re.MULTILINE):
        verb, _, rest = step.partition(" ")
        if verb == "COPY":
            *sources, target = rest.split()
            for source in sources:
                path = project / source
                copy = shutil.copytree if path.is_dir() else shutil.copy
                copy(path, folder / target)
        else:
            # The build starts in /plugin, and has one Python.
            command = rest.replace("/plugin", shlex.quote(str(folder)))
            python = shlex.quote(str(bin_folder / "python"))
            command = command.replace("--system", f"--python {python}")
            result = result_of("bash", "-ec", command, cwd=folder, env=settings)
            if result.returncode:
                break
    return result


def test_the_image_is_built_if_the_plugin_loads_and_has_its_license(render, image, tmp_path):
    result = build_image(render(), tmp_path / "plugin", image)
    assert result.returncode == 0, result.stdout + result.stderr
    [text] = image.parent.glob("lib/*/site-packages/vllm_my_model-*.dist-info/licenses/LICENSE")
    assert text.read_bytes() == (render() / "LICENSE").read_bytes()


def test_the_image_is_not_built_if_the_plugin_does_not_load(tmp_path, image):
    project = render_into(tmp_path)
    with (project / "vllm_my_model" / "config.py").open("a") as config:
        config.write('\nraise RuntimeError("broken on purpose")\n')
    result = build_image(project, tmp_path / "plugin", image)
    assert result.returncode == 1
    assert "broken on purpose" in result.stdout + result.stderr


def test_the_image_has_the_newest_supported_vllm_and_an_ordinary_user(render):
    text = (render() / "Dockerfile").read_text()
    assert "\nFROM vllm/vllm-openai:v${VLLM_VERSION}\n" in text
    assert "RUN uv pip install --system --no-deps . " in text
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE)[-1] != "root"
    readme = documents_of(render())
    [argument] = re.findall(r'--build-arg VLLM_VERSION="\$\((.+)\)"', readme)
    version = run("bash", "-ec", argument, cwd=render()).stdout.strip()
    assert version == (ROOT / "templates" / "shared" / "supported_vllm.txt").read_text().split()[-1]


@pytest.mark.xdist_group("clean")
def test_the_wheel_has_no_tests_in_it(projects):
    for project in projects:
        [wheel] = project.glob("dist/*.whl")
        assert not [name for name in zipfile.ZipFile(wheel).namelist() if "test" in name]


# License, SPDX expression, classifiers
DECLARED = {
    "Apache-2.0": ("Apache-2.0", ["Programming Language :: Python :: 3"]),
    "MIT": ("MIT", ["Programming Language :: Python :: 3"]),
    "BSD-3-Clause": ("BSD-3-Clause", ["Programming Language :: Python :: 3"]),
    # Public indexes refuse what has this one.
    "Proprietary": ("LicenseRef-Proprietary", ["Private :: Do Not Upload"]),
}


@pytest.mark.xdist_group("clean")
@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_the_metadata_of_the_wheel_is_this_and_nothing_else(projects, kind, name):
    project = next(p for p in projects if (kind, name) == p.parts[-3:-1])
    [wheel] = project.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"{project.name}-0.1.0.dist-info/METADATA").decode()
        license_text = archive.read(f"{project.name}-0.1.0.dist-info/licenses/LICENSE")
    metadata = HeaderParser().parsestr(text)
    about = read_about(project)
    expression, classifiers = DECLARED[name]
    expected = {
        "Name": [project.name],
        "Version": ["0.1.0"],
        "Summary": [f"Adds {RULES['default_class'](kind)} to vLLM."],
        "Home-page": [f"https://example.com/{project.name}"],
        "Author": ["Your Name"],
        "Author-email": ["you@example.com"],
        "License-Expression": [expression],
        "License-File": ["LICENSE"],
        "Classifier": classifiers,
        "Requires-Python": [">=3.10"],
        "Description-Content-Type": ["text/markdown"],
        "Provides-Extra": ["vllm", "test"],
        "Requires-Dist": [
            f'vllm<={about["NEWEST_VLLM"]},>={about["OLDEST_VLLM"]}; extra == "vllm"',
            *(f'{each}; extra == "test"' for each in needed_by_tests(kind)),
        ],
    }
    # How it was written is up to setuptools.
    found = {key: metadata.get_all(key) for key in metadata if key != "Metadata-Version"}
    assert {key: found[key] for key in found if key != "Dynamic"} == expected
    assert license_text == (project / "LICENSE").read_bytes()
