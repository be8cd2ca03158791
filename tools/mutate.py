"""Break the template in one place at a time, and see whether the tests notice.

The breaks are in tools/mutations/, by subject.
``python tools/mutate.py [--real] [WORD ...]`` runs those mutations whose name has one of the
words, or all, and writes results/mutations.json and results/mutations.md. A mutation is tried on
a copy of this repository, with the tests that should notice it, and if they do not, with the whole
fast lane. With ``--real`` those run that an engine must notice, in the real lane. With ``--tables``
it runs nothing, and writes the table only, which calls stale what was tried on another state of the
template, of the tests that should notice it, or of the mutation itself.
"""

import datetime
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutations import (
    answers,
    audit,
    config,
    doctor,
    documents,
    engine,
    files,
    in_vllm,
    metadata,
    registration,
    rendered_tests,
    repository,
    workflows,
)
from mutations.mutation import PROJECT, Mutation
from shared import freshness
from shared.rendering import ROOT, copy_of_the_repository, result_of, use_this_environment

RESULTS = ROOT / "results"
FILE = RESULTS / "mutations.json"
# In the order of the table.
SUBJECTS = [
    metadata,
    registration,
    files,
    documents,
    rendered_tests,
    workflows,
    audit,
    doctor,
    answers,
    engine,
    config,
    repository,
]
FAST = [mutation for subject in SUBJECTS for mutation in subject.MUTATIONS]
REAL = in_vllm.MUTATIONS
# Every change makes tables stale: that is not how a mutation is to be noticed.
WHOLE_LANE = ["--ignore=tests/repository/test_tables.py"]


def copy_with_environments(folder: Path) -> Path:
    """Copy this repository into a folder; the copy shares the environments with vLLM."""
    copy_of_the_repository(folder)
    (folder / ".cache").mkdir()
    if (ROOT / ".cache" / "vllm").exists():
        (folder / ".cache" / "vllm").symlink_to(ROOT / ".cache" / "vllm")
    return folder


def first_failure(folder: Path, *options: str, vllm: str = "") -> str:
    """Return the first test that fails, "" if all pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options]
    settings = os.environ | ({"REAL_VLLM": vllm} if vllm else {})
    result = result_of(*command, cwd=folder, env=settings, limit=7200)
    failures = [line for line in result.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    # 0: all passed; 1: some failed. Anything else says nothing: they could not be run.
    if result.returncode not in (0, 1):
        raise RuntimeError(f"{command} ended with {result.returncode}:\n{result.stdout[-2000:]}")
    return failures[0].split(" - ")[0].partition("::")[2] if result.returncode else ""


def try_out(mutation: Mutation, real: bool) -> dict:
    """Apply a mutation to a copy, and return which test noticed it."""
    now = digest_of(mutation)
    with tempfile.TemporaryDirectory() as name:
        folder = copy_with_environments(Path(name))
        path = folder / mutation.file
        text = path.read_text(encoding="utf-8")
        if mutation.old not in text:
            raise ValueError(f"{mutation.name}: {mutation.file} does not hold {mutation.old!r}")
        path.write_text(text.replace(mutation.old, mutation.new, 1), encoding="utf-8")
        file, _, words = mutation.tests.partition(" -k ")
        selected = [file, *(["-k", words] if words else [])]
        if real:
            noticed = first_failure(folder, *selected, "-m", "real", vllm=mutation.vllm)
        else:
            noticed = first_failure(folder, *selected) or first_failure(folder, *WHOLE_LANE)
    print(f"{mutation.name}: {noticed or 'SURVIVED'}", flush=True)
    return {
        "file": mutation.file.replace(PROJECT, "…"),
        "lane": f"real, {mutation.vllm}" if real else "fast",
        "noticed by": noticed,
        "date": datetime.date.today().isoformat(),
        "digest": now,
    }


def digest_of(mutation: Mutation) -> str:
    """Return the digest of a mutation, and of all that decides whether it is noticed."""
    tests = mutation.tests.partition(" ")[0]
    deciding = [*freshness.RENDERED, *freshness.HARNESS, mutation.file, tests, *beside(tests)]
    if mutation in REAL:
        deciding += freshness.files_of_lane("real")
    return freshness.digest(*deciding, also=json.dumps(mutation))


def beside(tests: str) -> list[str]:
    """Return the modules and fixtures that stand beside a test file, for it to use."""
    found = (ROOT / tests).parent.glob("*.py")
    return [f.relative_to(ROOT).as_posix() for f in found if not f.name.startswith("test_")]


def state_of(mutation: Mutation, results: dict[str, dict]) -> str:
    """Return when a mutation was tried, and whether that is stale, as the table has it."""
    if mutation.name not in results:
        return "not tried"
    result = results[mutation.name]
    stale = result.get("digest") != digest_of(mutation)
    return ", ".join([result.get("date", "no date"), *(["stale"] if stale else [])])


def as_markdown(results: dict[str, dict]) -> str:
    survivors = [name for name, result in results.items() if not result["noticed by"]]
    states = {mutation: state_of(mutation, results) for mutation in [*FAST, *REAL]}
    stale = [state for state in states.values() if state.endswith("stale")]
    untried = [mutation.name for mutation, state in states.items() if state == "not tried"]
    lines = [
        "# What the tests notice",
        "",
        f"{len(states)} breaks, one at a time, and the first test that fails. "
        f"Survivors: {', '.join(survivors) or 'none'}. "
        f"Not tried: {', '.join(untried) or 'none'}. "
        f"Stale, tried on another state of the template or of the tests: {len(stale)}. "
        "Written by `tools/mutate.py`.",
        "",
        "| break | file | lane | noticed by | tried |",
        "|---|---|---|---|---|",
    ]
    for mutation, state in states.items():
        result = results.get(mutation.name, {})
        cells = [f"`{result[key]}`" if result else "" for key in ("file", "lane", "noticed by")]
        lines.append(f"| {' | '.join([mutation.name, *cells, state])} |")
    return "\n".join(lines) + "\n"


def read() -> dict[str, dict]:
    """Return the results of all mutations that there are still, in their order."""
    found = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    return {m.name: found[m.name] for m in [*FAST, *REAL] if m.name in found}


def write(results: dict[str, dict]) -> None:
    RESULTS.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (RESULTS / "mutations.md").write_text(as_markdown(results), encoding="utf-8")


def main(words: list[str]) -> int:
    """Try mutations and add them to the results; return 1 if one survives."""
    if words == ["--tables"]:
        write(read())
        return 0
    real = "--real" in words
    words = [word for word in words if word != "--real"]
    # One engine at a time; otherwise one for each core.
    mutations, workers = (REAL, 1) if real else (FAST, os.cpu_count() or 1)
    chosen = [m for m in mutations if not words or any(word in m.name for word in words)]
    if not real:
        # Without this a test that fails anyway would count as one that notices.
        with tempfile.TemporaryDirectory() as folder:
            unbroken = copy_with_environments(Path(folder))
            if failure := first_failure(unbroken, "-n", str(workers), *WHOLE_LANE):
                print(f"{failure} fails with nothing broken")
                return 2
    with ThreadPoolExecutor(workers) as pool:
        tried = pool.map(lambda mutation: try_out(mutation, real), chosen)
        for mutation, result in zip(chosen, tried, strict=True):
            write(read() | {mutation.name: result})
    # In the order above.
    write(read())
    return 0 if all(result["noticed by"] for result in read().values()) else 1


if __name__ == "__main__":
    use_this_environment()
    sys.exit(main(sys.argv[1:]))
