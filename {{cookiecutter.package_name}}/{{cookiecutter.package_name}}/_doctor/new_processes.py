"""Does register() do the same in the processes that vLLM starts?"""

import contextlib
from typing import Any

from .._vllm import entries
from .distributions import is_ours
from .findings import OK, PROBLEM, REAL, WARNING, Finding, cause_of, needs_real_vllm
from .parts import PARTS

# For a process to load vLLM and the plugins.
SECONDS = 200
EVERY = "let register() do the same in every process."


def start(context: Any):
    """Start a process that loads the plugins; return the pipe through which it answers."""
    pipe, far_end = context.Pipe(duplex=False)
    context.Process(target=answer, args=(far_end, context.get_start_method()), daemon=True).start()
    far_end.close()
    return pipe


def answer(pipe, method: str) -> None:
    process = f"a new process (start method {method})"
    findings: list[Finding] = []
    try:
        from vllm.plugins import load_general_plugins

        load_general_plugins()
        others = [(entry, entry.owner()) for entry in entries() if entry.reference]
        others = [(entry, owner) for entry, owner in others if not is_ours(owner)]
        for entry, owner in others:
            text = f"In {process} the {entry.title} belongs to {owner or 'nobody'}."
            findings.append((PROBLEM, text, EVERY))
        if not others:
            findings.append((OK, f"In {process} register() registers the same.", ""))
            if method == "spawn":
                findings += [found for part in PARTS for found in part.look_in_new_process()]
    except BaseException as error:
        text = f"{process.capitalize()} fails: {cause_of(error)}"
        untried = needs_real_vllm(error)
        findings.append((WARNING, text, REAL) if untried else (PROBLEM, text, EVERY))
    pipe.send(findings)


def answer_from(pipe) -> list[Finding]:
    with contextlib.suppress(EOFError):
        if pipe.poll(SECONDS):
            return pipe.recv()
    return [(PROBLEM, "A new process that loads the plugins hangs or dies.", "repair register().")]
