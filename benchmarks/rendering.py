"""What rendering costs, against a template with one file: cookiecutter's own floor."""

import contextlib
import io
import json
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
                subprocess.run(command, check=True, capture_output=True)

    return render


def rows() -> list[dict]:
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor = one_file_template(folder)
        for in_process, where in ((False, "from the shell"), (True, "in process")):
            for hooks, which in ((False, "without hooks"), (True, "with hooks")):
                render = renderer(ROOT, folder, in_process, hooks)
                least = renderer(floor, folder, in_process, hooks)
                render(), least()
                samples = in_turns({"this template": render, "one file": least}, 15)
                found.append(row(f"rendering {where}, {which}", samples, "ms", 1000, "< 1.5"))
    return found
