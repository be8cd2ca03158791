"""Run cases in an engine, real vLLM or the fixture engine, whichever this Python imports.

``python run.py MODULE FOLDER [CASE ...]`` prints one line of JSON for each case of a module beside
this one. vLLM takes many seconds to import, so that is done once; each case runs in a process that
is forked from here, with a folder, environment, plugins and output of its own.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path

# What cases use is imported before the fork. (vllm first: the fixture engine brings transformers.)
import vllm
import vllm.model_executor.models.registry
import vllm.plugins
from case_site import Site

# Seconds. A case that hangs is ended, with all that it has started; the slowest starts one engine.
PATIENCE = 240


def run_case(case, folder: Path) -> dict:
    """Run one case in a child; return whether it passed, what it returned, or what was wrong."""
    folder.mkdir(parents=True)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        signal.alarm(PATIENCE)
        with (folder / "output").open("w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        try:
            os.chdir(folder)
            outcome = {"passed": True, "message": case(Site(folder))}
        except BaseException:
            outcome = {"passed": False, "problem": traceback.format_exc()}
        (folder / "outcome.json").write_text(json.dumps(outcome))
        os._exit(0)
    # The alarm is this wait's limit.
    os.waitpid(pid, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    file = folder / "outcome.json"
    if not file.exists():
        shown = (folder / "output").read_text(errors="replace")
        problem = f"it ended early, or took over {PATIENCE} s, having printed:\n{shown}"
        return {"passed": False, "problem": problem}
    return json.loads(file.read_text())


if __name__ == "__main__":
    module, folder, *names = sys.argv[1:]
    for name, case in importlib.import_module(module).CASES.items():
        if not names or name in names:
            outcome = run_case(case, Path(folder, name).resolve())
            facts = getattr(case, "facts", {})
            line = {"case": name, "engine": vllm.__version__, "facts": facts, **outcome}
            print(json.dumps(line), flush=True)
