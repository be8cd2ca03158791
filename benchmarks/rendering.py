"""What rendering costs, against a template with one file: cookiecutter's own floor."""

import contextlib
import cProfile
import io
import json
import pstats
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter
from measure import in_turns, row

ROOT = Path(__file__).parents[1]


def one_file_template(folder: Path) -> Path:
    """Write the smallest template there is: one question, one folder, one file."""
    template = folder / "floor"
    (template / "{{cookiecutter.name}}").mkdir(parents=True)
    (template / "cookiecutter.json").write_text(json.dumps({"name": "floor"}))
    (template / "{{cookiecutter.name}}" / "file.txt").write_text("{{ cookiecutter.name }}\n")
    return template


def renderer(template: Path, folder: Path, in_process: bool, hooks: bool):
    """Return a function that renders a template with its default answers, and then removes it."""
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


def copying_template(folder: Path) -> Path:
    """Write a template with as many files as this one has, none of which is rendered."""
    template = folder / "copies"
    with contextlib.redirect_stdout(io.StringIO()):
        project = Path(cookiecutter(str(ROOT), no_input=True, output_dir=str(folder)))
    # In one folder, as cookiecutter takes each file by itself.
    (template / "{{cookiecutter.name}}").mkdir(parents=True)
    for number, file in enumerate(path for path in project.rglob("*") if path.is_file()):
        shutil.copy(file, template / "{{cookiecutter.name}}" / f"{number}{file.suffix}")
    answers = {"name": "copies", "_copy_without_render": ["*.*", "[0-9]*"]}
    (template / "cookiecutter.json").write_text(json.dumps(answers))
    return template


# What of a rendering is whose: the file and name of a function.
SHARES = {
    "Jinja compiles": ("jinja2/environment.py", "compile"),
    "Jinja renders": ("jinja2/environment.py", "render"),
    "is a file binary?": ("binaryornot/check.py", "is_binary"),
    "files are copied": ("shutil.py", "copyfile"),
    "the rules for answers": ("template_extension.py", "__init__"),
}


def shares() -> dict[str, float]:
    """Return which share of the time of a rendering in process each part has."""
    with tempfile.TemporaryDirectory() as name:
        render = renderer(ROOT, Path(name), in_process=True, hooks=False)
        render()
        profile = cProfile.Profile()
        for _ in range(10):
            profile.runcall(render)
    stats = pstats.Stats(profile)
    found = dict.fromkeys(SHARES, 0.0)
    for (file, _, function), (*_, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        for part, (end, wanted) in SHARES.items():
            if function == wanted and file.replace("\\", "/").endswith(end):
                found[part] += cumulative / stats.total_tt  # type: ignore[attr-defined]
    return found


def rows() -> list[dict]:
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor, copies = one_file_template(folder), copying_template(folder)
        for in_process, where in ((False, "from the shell"), (True, "in process")):
            for hooks, which in ((False, "without hooks"), (True, "with hooks")):
                render = renderer(ROOT, folder, in_process, hooks)
                least = renderer(floor, folder, in_process, hooks)
                copying = renderer(copies, folder, in_process, hooks)
                render(), least(), copying()
                what = {
                    "this template": render,
                    "one file": least,
                    "as many files, copied": copying,
                }
                samples = in_turns(what, 15)
                case = f"{where} {which}"
                found.append(row("rendering", samples, "ms", 1000, "< 1.5", case))
    return found
