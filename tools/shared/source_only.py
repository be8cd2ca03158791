"""Of a release that is source only: what its lane shows beside what the audit says of it."""

import re
import sys
import tempfile
from pathlib import Path

from shared.environments import SOURCE
from shared.rendering import KINDS, render_into, result_of
from shared.sources import SOURCES

OWN_TESTS = "test_its_own_tests_pass_on_real_vllm"
# Why the audit did not call breaking what failed, by the test's name.
NOT_PREDICTED = {
    "test_the_server_answers_for_each_part[platform]": (
        "no name and no signature changes: vLLM 0.33 sets the size of blocks in another method, "
        "update_block_size_for_backend(), after the one in which the platform logs it"
    ),
}


def audited(version: str) -> dict[str, dict[str, list[str]]]:
    """Return for each kind what its audit says of a release, a list of findings by section.

    The lane's environment has brought its source. RuntimeError if there is no audit.
    """
    source = SOURCES / version.removesuffix(SOURCE)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            audit = render_into(Path(folder, kind), kind=kind) / "tests" / "_template" / "audit"
            result = result_of(sys.executable, audit, source, "--markdown")
            if result.returncode not in (0, 1):
                raise RuntimeError(f"no audit of {kind} on {source}: {result.stderr}")
            found[kind] = sections_of(result.stdout)
            # The exit status and the report are two ways to say one thing.
            if bool(found[kind]["Breaking"]) != bool(result.returncode):
                raise RuntimeError(f"the audit of {kind} ended otherwise than it says: {result}")
    return found


def sections_of(report: str) -> dict[str, list[str]]:
    """Return the findings of an audit's report in Markdown, by section."""
    found = {}
    for section in re.split(r"^## ", report, flags=re.MULTILINE)[1:]:
        name, _, text = section.partition("\n")
        lines = re.findall(r"^- (.+)$", text, re.MULTILINE)
        found[name] = [] if lines == ["nothing"] else lines
    found.pop("Unchanged")
    return found


def failures(lane: dict) -> list[tuple[str, str, str, str]]:
    """Return of each test that failed its name, how, what the audit had said, and the reason.

    The audit predicts a failure if it calls something breaking for the kind that the test names.
    Where it does not, the third is what it lists as changed in behaviour.
    What is neither predicted nor has a reason has "" for both.
    """
    rows = []
    for name, result in lane["results"].items():
        if result["outcome"] == "failed":
            kind = re.sub(r"^.*\[|\]$", "", name)
            said = lane["audit"].get(kind, {"Breaking": [], "Behavioral": []})
            reason = "predicted" if said["Breaking"] else NOT_PREDICTED.get(name, "")
            text = "; ".join(said["Breaking"] or [f"behavioural: {s}" for s in said["Behavioral"]])
            rows.append((name, result["reason"], text, reason))
    return rows


def unexplained(lane: dict) -> list[str]:
    """Return the tests that failed, were not predicted to, and have no reason."""
    return [name for name, _, _, reason in failures(lane) if not reason]


def verdicts(lane: dict) -> list[list[str]]:
    """Return for each kind how its own tests ended, what the audit says of it, and if both agree."""
    rows = []
    for kind, sections in lane["audit"].items():
        own = lane["results"].get(f"{OWN_TESTS}[{kind}]")
        breaking, passed = sections["Breaking"], own and own["outcome"] == "passed"
        ended = (
            "not run"
            if own is None
            else f"{own['passed']} passed, untested"
            if passed
            else "**failed**"
        )
        agrees = "" if own is None else "yes" if passed != bool(breaking) else "**no**"
        says = "; ".join(breaking) or "compatible"
        rows.append([f"`{kind}`", ended, says, str(len(sections["Behavioral"])), agrees])
    return rows
