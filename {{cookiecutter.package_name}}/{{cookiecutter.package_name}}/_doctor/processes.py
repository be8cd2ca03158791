"""Does register() do its work, in this process and in those that vLLM starts?"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from .._vllm import is_tested
from ..about import NEWEST_VLLM, OLDEST_VLLM
from .findings import OK, PROBLEM, WARNING, Finding, Findings, brief, cause_of, judge
from .imports import import_folder
from .installers import HERE
from .new_processes import SECONDS, answer_from, start
from .parts import PARTS
from .registration import look_at_register


def run_in_child(*arguments) -> list[Finding]:
    """Run look_inside() where vLLM and the plugins may do what they like."""
    # The package last: it may be in no place but the current folder, which -m put in front.
    path = [*sys.path, str(HERE.parent)]
    code = f"import sys; sys.path[:] = {path}; from {__name__} import print_json; "
    code += f"print_json(*{arguments})"
    # The child itself waits up to SECONDS for another process.
    limit = 3 * SECONDS
    try:
        status, output, errors = run_alone([sys.executable, "-c", code], limit)
    except subprocess.TimeoutExpired:
        text = f"A process that loads vLLM and its plugins does not end in {limit} seconds."
        return [(PROBLEM, text, "let register(), and everything that it imports, return.")]
    if status or not output:
        end = f"with {status}. {brief(errors[-200:])}"
        return [(PROBLEM, f"A process that loads vLLM and its plugins ends {end}", "repair that.")]
    return [(level, text, cure) for level, text, cure in json.loads(output)]


def run_alone(command: list[str], limit: float) -> tuple[int, str, str]:
    """Run a command; return its exit status, its output and its errors.

    Raises TimeoutExpired after ``limit`` seconds; none of the processes that it started is left.
    """
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipes) as child:
        try:
            output, errors = child.communicate(timeout=limit)
        # Ctrl-C too: in a session of its own, the child does not get it.
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            raise
    return child.returncode, output, errors


def print_json(*arguments) -> None:
    # What vLLM and the plugins print goes to standard error.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(list(look_inside(*arguments)), output)


def look_inside(checkpoint: str | None, only_vllm: bool) -> Findings:
    """Load vLLM and its plugins as the front end does, and start processes as that does."""
    # Before vLLM is imported here: that takes long, and so both do it at the same time.
    spawned = None if only_vllm else start(multiprocessing.get_context("spawn"))
    if spawned and (stopping := [*asked("look_before_vllm")]):
        yield from stopping
        return
    try:
        import vllm
        from vllm import plugins
    except BaseException as error:
        yield PROBLEM, f"vLLM cannot be imported: {cause_of(error)}", "reinstall it."
        return
    version = str(getattr(vllm, "__version__", "of unknown version"))
    engine = "The fixture engine" if find_spec("vllm.fixture") else "vLLM"
    tested = f"{OLDEST_VLLM} to {NEWEST_VLLM}"
    text = f"{engine} {version} is in {import_folder('vllm')}; tested: {tested}."
    yield judge(is_tested(version), text, "run the plugin's tests with it.", WARNING)
    if spawned is None or not (yield from look_at_register()):
        return
    # A forked process inherits what is loaded, as in vLLM.
    plugins.plugins_loaded = True
    yield from answer_from(spawned)
    if "fork" in multiprocessing.get_all_start_methods():
        yield from answer_from(start(multiprocessing.get_context("fork")))
    else:
        yield OK, "This system cannot fork, so vLLM does not.", ""
    if checkpoint:
        yield from look_at_checkpoint(checkpoint)


def look_at_checkpoint(name: str) -> Findings:
    """Let the parts look at a checkpoint, which only models need."""
    text = f"This plugin registers no model, so the doctor does not look at {name}."
    yield from [*asked("look_at_checkpoint", name)] or [(WARNING, text, "leave it out.")]


def asked(question: str, *given: str) -> Findings:
    """Let each part answer that has a function of that name: not every part has something to say."""
    for part in PARTS:
        if answer := getattr(part, question, None):
            yield from answer(*given)
