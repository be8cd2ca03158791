"""What benchmarks/run.py measures without vLLM.

growth: how loading grows with architectures, plugins and processes, in the fixture engine.
rendering: what rendering takes, against a template with one file.
green: from nothing to a rendered package whose tests pass, step by step.
suite: how long the tests of this repository take.
"""

import contextlib
import cProfile
import io
import json
import os
import pstats
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from cookiecutter.main import cookiecutter
from shared.rendering import FIXTURE_ENGINE, ROOT, TEMPLATE
from side_by_side import in_turns, row

# Growth

LOAD = """
import time
from vllm.plugins import load_general_plugins
start = time.perf_counter()
load_general_plugins()
print(time.perf_counter() - start)
"""
REGISTER = """
def register():
    from vllm import ModelRegistry
    for number in range({count}):
        ModelRegistry.register_model(f"{package}Arch{{number}}", "{package}.model:Model")
"""
ARCHITECTURES, PLUGINS, WORKERS = [1, 10, 100, 300, 1000], [1, 10, 50, 100, 200], [1, 4, 16, 64]


def write_plugin(folder: Path, package: str, count: int) -> None:
    (folder / f"{package}.py").write_text(REGISTER.format(package=package, count=count))
    info = folder / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    text = f"[vllm.general_plugins]\n{package} = {package}:register\n"
    (info / "entry_points.txt").write_text(text)


def with_fixture_engine(folder: Path) -> dict[str, str]:
    """Return the variables with which a process finds the plugins of a folder, and the engine."""
    return os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{TEMPLATE / FIXTURE_ENGINE}"}


def seconds_to_load(plugins: int, architectures: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(plugins):
            write_plugin(folder, f"plugin{number}", architectures)
        settings, command = with_fixture_engine(folder), [sys.executable, "-c", LOAD]
        runs = [
            subprocess.check_output(command, env=settings, text=True, timeout=600) for _ in range(5)
        ]
    return statistics.median(map(float, runs))


def seconds_of_engine(workers: int) -> float:
    """Return how long the fixture engine takes with so many workers and one plugin."""
    with tempfile.TemporaryDirectory() as name:
        write_plugin(Path(name), "plugin0", 1)
        settings = with_fixture_engine(Path(name))
        command = [sys.executable, "-m", "vllm.fixture", "--workers", str(workers)]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            output = subprocess.check_output(command, env=settings, text=True, timeout=600)
            reports = json.loads(output)
            times.append(time.perf_counter() - start)
            assert len(reports) == workers + 2
    return statistics.median(times)


def growth() -> dict:
    """Return for each kind of growth its x values and the seconds."""
    times = {
        "architectures in one plugin": (ARCHITECTURES, lambda count: seconds_to_load(1, count)),
        "plugins installed": (PLUGINS, lambda count: seconds_to_load(count, 1)),
        "workers of the fixture engine": (WORKERS, seconds_of_engine),
    }
    series = {
        name: {"x": x, "seconds": [seconds_of(count) for count in x]}
        for name, (x, seconds_of) in times.items()
    }
    return {"series": series}


# Rendering

RENDERING_ROUNDS, PROFILED = 15, 10
# Which function, of which file, does which share of a rendering.
SHARES = {
    "Jinja compiles": ("jinja2/environment.py", "compile"),
    "Jinja renders": ("jinja2/environment.py", "render"),
    "is a file binary?": ("binaryornot/check.py", "is_binary"),
    "files are copied": ("shutil.py", "copyfile"),
    "the rules for answers": ("template_extension.py", "__init__"),
}


def one_file_template(folder: Path) -> Path:
    """Write the smallest possible template: one question, one folder, one file."""
    template = folder / "floor"
    (template / "{{cookiecutter.name}}").mkdir(parents=True)
    (template / "cookiecutter.json").write_text(json.dumps({"name": "floor"}))
    (template / "{{cookiecutter.name}}" / "file.txt").write_text("{{ cookiecutter.name }}\n")
    return template


def copying_template(folder: Path) -> Path:
    """Write a template with as many files as this one has, all of them copied, none rendered."""
    template = folder / "copies"
    with contextlib.redirect_stdout(io.StringIO()):
        project = Path(cookiecutter(str(ROOT), no_input=True, output_dir=str(folder)))
    # In one folder, because cookiecutter takes each file by itself.
    (template / "{{cookiecutter.name}}").mkdir(parents=True)
    for number, file in enumerate(path for path in project.rglob("*") if path.is_file()):
        shutil.copy(file, template / "{{cookiecutter.name}}" / f"{number}{file.suffix}")
    answers = {"name": "copies", "_copy_without_render": ["*.*", "[0-9]*"]}
    (template / "cookiecutter.json").write_text(json.dumps(answers))
    return template


def renderer(template: Path, folder: Path, in_process: bool, hooks: bool) -> Callable[[], None]:
    """Return a function that renders a template with its default answers, then removes it."""
    config = folder / "config.yaml"
    config.write_text(f"replay_dir: {folder}\ncookiecutters_dir: {folder}\n")
    options = {"no_input": True, "accept_hooks": hooks, "config_file": str(config)}

    def render() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as into:
            if in_process:
                with contextlib.redirect_stdout(io.StringIO()):
                    cookiecutter(str(template), output_dir=into, **options)
            else:
                command = [sys.executable, "-m", "cookiecutter", "--no-input", "-o", into]
                command += ["--config-file", str(config)]
                command += ["--accept-hooks", "yes" if hooks else "no", str(template)]
                subprocess.run(command, check=True, capture_output=True, timeout=600)

    return render


def shares() -> dict[str, float]:
    """Return the share of each of SHARES in the time of a rendering in process: 0 to 1."""
    with tempfile.TemporaryDirectory() as name:
        render = renderer(ROOT, Path(name), in_process=True, hooks=False)
        render()
        profile = cProfile.Profile()
        for _ in range(PROFILED):
            profile.runcall(render)
    stats = pstats.Stats(profile)
    found = dict.fromkeys(SHARES, 0.0)
    for (file, _, function), (*_, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        for share, (end, wanted) in SHARES.items():
            if function == wanted and file.replace("\\", "/").endswith(end):
                found[share] += cumulative / stats.total_tt  # type: ignore[attr-defined]
    return found


def rendering() -> dict:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        templates = {
            "this template": ROOT,
            "one file": one_file_template(folder),
            "as many files, copied": copying_template(folder),
        }
        for in_process, where in ((False, "from the shell"), (True, "in process")):
            for hooks, which in ((False, "without hooks"), (True, "with hooks")):
                what = {
                    title: renderer(template, folder, in_process, hooks)
                    for title, template in templates.items()
                }
                # Once before, so that none finds the caches cold.
                in_turns(what, 1)
                samples = in_turns(what, RENDERING_ROUNDS)
                rows.append(row("rendering", samples, "ms", 1000, "< 1.5", f"{where} {which}"))
    return {"rows": rows, "shares": shares()}


# Green: from nothing to passing tests

GREEN_ROUNDS = 3


def steps(folder: Path, by: str) -> dict[str, list]:
    """Return the commands from nothing to passing tests, with uv or with pip, one for each step.

    Those with pip are the commands that the template prints.
    """
    project = folder / "vllm_my_model"
    environment, python = project / ".venv", project / ".venv" / "bin" / "python"
    make, install = {
        "uv": (["uv", "venv", "--python", sys.executable], ["uv", "pip", "install", "--python"]),
        "pip": ([sys.executable, "-m", "venv"], []),
    }[by]
    pip = [*install, python] if install else [python, "-m", "pip", "install"]
    return {
        "render": [sys.executable, "-m", "cookiecutter", "--no-input", "-o", folder, ROOT],
        "make an environment": [*make, environment],
        "install": [*pip, "-e", f"{project}[test]"],
        "test": ["env", "-C", project, python.with_name("pytest"), "-q"],
    }


def seconds(by: str) -> dict[str, float]:
    """Return the median of each step's seconds, with a warm package cache, and their sum."""
    samples: dict[str, list[float]] = {}
    for _ in range(GREEN_ROUNDS + 1):
        with tempfile.TemporaryDirectory() as name:
            for step, command in steps(Path(name), by).items():
                start = time.perf_counter()
                arguments = list(map(str, command))
                subprocess.run(arguments, check=True, capture_output=True, cwd=name, timeout=600)
                samples.setdefault(step, []).append(time.perf_counter() - start)
    # The first round has warmed the cache.
    medians = {step: statistics.median(values[1:]) for step, values in samples.items()}
    return medians | {"together": sum(medians.values())}


def green() -> dict:
    return {"seconds": {by: seconds(by) for by in ("uv", "pip")}}


# Suite: the tests of this repository

LANES = {"fast lane": ["-n", "2"], "real lane": ["-n", "2", "-m", "real"]}
GOALS = {"fast lane": "< 60 s", "real lane": "< 600 s"}


def read_lane(lane: str, report: Path) -> dict:
    """Return what pytest's report says about a lane: its seconds, and the files that took most."""
    files: dict[str, float] = defaultdict(float)
    [suite] = ElementTree.parse(report).iter("testsuite")
    for case in suite.iter("testcase"):
        files[case.attrib["classname"].rpartition(".")[2]] += float(case.attrib["time"])
    most = sorted(files, key=lambda name: files[name], reverse=True)[:6]
    return {
        "name": lane,
        "seconds": float(suite.attrib["time"]),
        "goal": GOALS[lane],
        "in tests": {name: files[name] for name in most},
    }


def suite() -> dict:
    """Run all lanes in a clone of what is committed, the real one before it has an environment."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        clone, report = Path(name, "clone"), Path(name, "report.xml")
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True, timeout=600)
        for lane, options in LANES.items():
            command = [sys.executable, "-m", "pytest", f"--junit-xml={report}", *options]
            subprocess.run(command, cwd=clone, check=True, stdout=subprocess.DEVNULL, timeout=7200)
            found.append(read_lane(lane, report))
    return {"lanes": found}
