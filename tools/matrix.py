"""Run the real lane on some vLLMs, or on all that are supported, and keep what it showed.

``python tools/matrix.py [VERSION ...]`` writes results/VERSION.json, results/fixture.json, and from
all that are there results/README.md: one row for each test, one column for each engine; the table in
README.md, if no version lacks; docs/support.md; and results/audit.md, which says how each lane ended.
With ``--tables`` it runs nothing and writes these tables only.

A VERSION may be a newer release that has no build for CPU, as 0.33.0+source. Its columns are marked,
README's table has none, and what failed there is compared with what the audit says of the release.

A report has a digest of what it ran on. Where that is another now, the tables call it stale; after a
change of the template or of the lane's tests ``--tables`` is all that it takes to say so.
"""

import datetime
import json
import os
import platform
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

from shared import environments, source_only
from shared.environments import SOURCE, is_source_only, refusal_of
from shared.freshness import digest, files_of_lane, marked, state_of
from shared.rendering import (
    KINDS,
    ROOT,
    RULES,
    SUPPORTED_VLLM,
    result_of,
    run,
    use_this_environment,
    write_into_readme,
)

RESULTS = ROOT / "results"
SUPPORT = ROOT / "docs" / "support.md"
FIXTURE = "fixture"
PACKAGES = ["torch", "transformers", "ray", "peft"]
VERSIONS = f"""
import importlib.metadata as m, json, vllm
print(json.dumps({{"vllm": vllm.__version__}} | {{name: m.version(name) for name in {PACKAGES}}}))
"""
# Seconds that a lane may take.
LIMIT = 4 * 3600
MARKS = {"passed": "✓", "failed": "**failed**", "skipped": "–", "difference": "≠"}


def run_tests(*options: str, **environment: str) -> dict[str, dict]:
    """Run pytest with some options; return the outcome of each test by name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", *options, f"--junit-xml={report}"]
        settings = os.environ | environment
        result_of(*command, cwd=ROOT, env=settings, limit=LIMIT, stdout=None, stderr=None)
        # Behind an @ stands the group of tests that one worker runs.
        return {
            re.sub(r"@\w+$", "", case.attrib["name"]): outcome(case)
            for case in ElementTree.parse(report).iter("testcase")
        }


def collect(*options: str, **environment: str) -> list[str]:
    """Return the names of the tests that pytest collects with some options."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *options]
    output = run(*command, cwd=ROOT, env=os.environ | environment).stdout
    return [line.partition("::")[2] for line in output.splitlines() if "::" in line]


def outcome(case: ElementTree.Element) -> dict:
    """Return how a test ended, why it was skipped, and the properties that it recorded."""
    properties = {item.attrib["name"]: item.attrib["value"] for item in case.iter("property")}
    end = {"outcome": "passed"}
    for tag, result in [("failure", "failed"), ("error", "failed"), ("skipped", "skipped")]:
        if (element := case.find(tag)) is not None:
            first_line = (element.get("message") or "").partition("\n")[0]
            end = {"outcome": result, "reason": first_line}
    # What a reader of the results needs of a path is its last part.
    return {key: re.sub(r"(?<!\w)/\S*/", "…/", value) for key, value in (end | properties).items()}


def about_this_run(**versions: str) -> dict[str, str]:
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        **versions,
    }


# What pytest is to run, but for the workers: all of the real lane; what the fast lane has of it.
SELECTED = {
    "real": ["-m", "real"],
    "source": ["-m", "real"],
    "fixture": ["tests/engine/test_conformance.py", "tests/engine/test_faults.py"],
}


def lane_of(name: str) -> str:
    """Return the lane whose report has a name: that of the fixture engine, or of a kind of version."""
    if name == FIXTURE:
        return FIXTURE
    return "source" if is_source_only(name) else "real"


def report_on(lane: str, *options: str, **environment: str) -> dict:
    """Run a lane; return what it ran on, the tests that it has, and the outcome of each."""
    now = digest(*files_of_lane(lane))
    about = about_this_run(digest=now)
    collected = collect(*SELECTED[lane], **environment)
    results = run_tests(*SELECTED[lane], *options, **environment)
    if digest(*files_of_lane(lane)) != now:
        about["digest"] = "changed while it ran"
    return {"about": about, "collected": collected, "results": results}


def run_real_lane(version: str) -> dict:
    """Run the real lane on one version."""
    report = report_on(lane_of(version), "-n", "2", REAL_VLLM=version)
    python = environments.environment(version) / "python"
    output = run(python, "-c", VERSIONS).stdout
    report |= {"about": report["about"] | json.loads(output.splitlines()[-1])}
    return report | ({"audit": source_only.audited(version)} if is_source_only(version) else {})


def rows_of(lanes: dict[str, dict], prefix: str) -> dict[str, dict[str, dict]]:
    """Return the outcomes of the tests ``prefix[case]``: case, then engine."""
    rows: dict[str, dict[str, dict]] = {}
    for engine, lane in lanes.items():
        for name, result in lane["results"].items():
            if match := re.fullmatch(rf"(?:{prefix})\[(.+)\]", name):
                rows.setdefault(match[1], {})[engine] = result
    return rows


def mark(result: dict | None) -> str:
    if result is None:
        return "not run"
    return MARKS["difference" if result.get("difference") else result["outcome"]]


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    # A message may hold what Markdown would take for the end of a cell, or for a tag.
    escaped = [[cell.replace("|", "\\|").replace("<", "&lt;") for cell in line] for line in lines]
    return ["| " + " | ".join(line) + " |" for line in escaped] + [""]


def column(engine: str, lanes: dict[str, dict]) -> str:
    """Return how the tables call an engine: with a mark if it is source only, or stale."""
    release = engine.removesuffix(SOURCE)
    name = f"{release} (source only)" if is_source_only(engine) else engine
    return marked(name, lanes[engine]["state"])


def words(name: str) -> str:
    """Return the name of a test as a sentence."""
    text = name.removeprefix("test_").replace("_", " ")
    for proper in ("vLLM", "HF", "LoRA", "Ray", "OpenAI", "DEBUG", "VLLM_PLUGINS"):
        text = re.sub(rf"\b{proper.lower().replace('_', ' ')}\b", proper, text)
    return text


def models_and_processes(lanes: dict[str, dict]) -> list[str]:
    """Return the table of the tests in tests/in_vllm, and why some were skipped."""
    real = {engine: lane["results"] for engine, lane in lanes.items() if engine != FIXTURE}
    every = dict.fromkeys(name for results in real.values() for name in results)
    names = [name for name in every if not name.startswith(("test_vllm_conforms", "test_in_vllm"))]
    rows = [
        [words(name), *(mark(results.get(name)) for results in real.values())] for name in names
    ]
    reasons = {r["reason"] for results in real.values() for r in results.values() if "reason" in r}
    return [
        "## Models and processes",
        "",
        *table(["test", *(column(engine, lanes) for engine in real)], rows),
        *(f"- {reason}" for reason in sorted(reasons)),
        "",
    ]


def evidence(lanes: dict[str, dict]) -> list[str]:
    """Return the table of processes in which the newest vLLM called register(), as they noted it."""
    rows = []
    newest = [engine for engine in lanes if not is_source_only(engine)][-1]
    for name, result in lanes[newest]["results"].items():
        calls = json.loads(result.get("processes", "[]"))
        calls_by = Counter(call["pid"] for call in calls)
        for call in {call["pid"]: call for call in calls}.values():
            pid = call["pid"]
            started = "spawned" if call["spawned"] else ""
            architectures = ", ".join(call["architectures"])
            cells = [call["role"], str(pid), started, str(calls_by[pid]), architectures]
            rows.append([words(name), *cells])
    header = ["test", "role", "pid", "started", "register() calls", "architectures then registered"]
    title = f"## Processes on vLLM {marked(newest, lanes[newest]['state'])}"
    return [title, "", *table(header, rows)]


def conformance(lanes: dict[str, dict]) -> list[str]:
    """Return the table of behaviours, and the reasons for the differences in it."""
    outcomes = rows_of(lanes, "test_vllm_conforms|test_the_fixture_engine_conforms")
    rows = [[words(case), *(mark(row.get(e)) for e in lanes)] for case, row in outcomes.items()]
    reasons = [
        f"- {words(case)}: {engine}: {result['difference']}"
        for case, row in outcomes.items()
        for engine, result in row.items()
        if result.get("difference")
    ]
    title = f"## Conformance: {len(rows)} behaviours, {len(reasons)} differences"
    header = ["behaviour", *(column(engine, lanes) for engine in lanes)]
    return [title, "", *table(header, rows), *reasons, ""]


def seen_on(engines: list[str], lanes: dict[str, dict]) -> str:
    """Return the engines on which something was seen, in words, and which of them are stale."""
    stale = [engine for engine in engines if lanes[engine]["state"]]
    names = "all" if engines == [*lanes] else ", ".join(engines)
    if stale == engines:
        return marked(names, "stale" if stale else "")
    return f"{names} (stale: {', '.join(stale)})" if stale else names


def faults(lanes: dict[str, dict]) -> list[str]:
    """Return the table of faults: what happens, in which engines, and what an operator sees."""
    rows = []
    outcomes = rows_of(lanes, "test_in_vllm|test_in_the_fixture_engine")
    for case, row in outcomes.items():
        newest = [result for engine, result in row.items() if not is_source_only(engine)][-1]
        engines = [engine for engine in lanes if row.get(engine, {}).get("outcome") == "passed"]
        shown = [newest.get(key, "") for key in ("vLLM", "the plugin adds", "told", "message")]
        rows.append([words(case), *shown, seen_on(engines, lanes)])
    header = ["fault", "vLLM", "the plugin adds", "cause told", "an operator sees", "seen on"]
    return ["## Faults", "", *table(header, rows)]


def compared(lanes: dict[str, dict]) -> list[str]:
    """Return what failed on each release that is source only, beside what the audit says of it."""
    lines = []
    for engine in filter(is_source_only, lanes):
        lane = lanes[engine]
        header = ["kind", "its own tests", "the audit", "behavioural findings", "both agree"]
        failed = [[words(name), *rest] for name, *rest in source_only.failures(lane)]
        lines += [
            f"## {column(engine, lanes)}, and what the audit says of it",
            "",
            "Its Python source over the compiled part, the torch and the other packages of the newest",
            "supported vLLM: an early warning, which makes no release supported.",
            "",
            *table(header, source_only.verdicts(lane)),
            f"Failed: {len(failed)}; neither predicted nor explained: "
            f"{len(source_only.unexplained(lane))}.",
            "",
            *(table(["failed", "how", "the audit", "reason"], failed) if failed else []),
        ]
    return lines


def not_shown() -> str:
    """Return the table of docs/support.md: what of each kind no machine without a GPU can show."""
    stated = {kind: RULES["room"](kind).get("not_shown", "not stated") for kind in KINDS}
    rows = [[f"`{kind}`", text or "all is shown"] for kind, text in stated.items()]
    return "\n".join(table(["kind", "not shown"], rows))


def as_markdown(lanes: dict[str, dict]) -> str:
    """Return all tables, and what each engine ran on."""
    keys = ["vllm", "date", "Python", *PACKAGES, "machine", "digest"]
    about = [
        [engine, *(lane["about"].get(k, "") for k in keys), lane["state"] or "current"]
        for engine, lane in lanes.items()
    ]
    lines = [
        "# What was seen, on which vLLM",
        "",
        "Written by `tools/matrix.py`; no cell without a run. ✓ passed, – skipped, ≠ a difference",
        "that has a reason. What is stale ran on another state of the template or of its tests, or",
        "lacks some of these; the last table says which.",
        "",
        *models_and_processes(lanes),
        *evidence(lanes),
        *conformance(lanes),
        *faults(lanes),
        *compared(lanes),
        "## What it ran on",
        "",
        *table(["engine", *keys, "state"], about),
    ]
    return "\n".join(lines).rstrip() + "\n"


def summary(lanes: dict[str, dict]) -> str:
    """Return README's table: of each version the kinds' own tests, and all other tests."""
    own = source_only.OWN_TESTS
    rows = []
    for version in SUPPORTED_VLLM:
        lane = lanes[version]
        results = lane["results"]
        counts = [results.get(f"{own}[{kind}]", {}).get("passed", "–") for kind in KINDS]
        others = Counter(r["outcome"] for name, r in results.items() if not name.startswith(own))
        text = ", ".join(f"{count} {outcome}" for outcome, count in sorted(others.items()))
        rows.append([version, *counts, text, marked(lane["about"]["date"], lane["state"])])
    header = ["vLLM", *(f"`{kind}`" for kind in KINDS), "other tests of the real lane", "date"]
    return "\n".join(table(header, rows))


def file_of(name: str) -> Path:
    """Return the file of a report. Some systems do not take every name with a plus."""
    return RESULTS / f"{name.replace('+', '-')}.json"


def write(name: str, lane: dict) -> None:
    text = json.dumps(lane, indent=1, ensure_ascii=False)
    file_of(name).write_text(text + "\n", encoding="utf-8")


def read_all() -> dict[str, dict]:
    """Return the reports that are there: the fixture engine's, by version, and those of source only.

    Each has in ``state`` why it is stale, "" if it is not.
    """
    lanes = {}
    reports = [file.stem.replace("-", "+") for file in RESULTS.glob("*-source.json")]
    early = [name for name in sorted(reports) if not refusal_of(name)]
    for name in [FIXTURE, *SUPPORTED_VLLM, *early]:
        file = file_of(name)
        if file.exists():
            report = json.loads(file.read_text("utf-8"))
            state = state_of(report, digest(*files_of_lane(lane_of(name))))
            lanes[name] = report | {"state": state}
    return lanes


def main(versions: list[str]) -> int:
    """Run what is asked for; return 1 if anything failed, 2 if a version cannot be run.

    On a release that is source only, only what is neither predicted nor explained counts as failed.
    """
    only_tables = versions == ["--tables"]
    refused = [refusal for version in versions if (refusal := refusal_of(version))]
    if refused and not only_tables:
        print(refused[0])
        return 2
    if not only_tables:
        RESULTS.mkdir(exist_ok=True)
        write(FIXTURE, report_on(FIXTURE))
        for version in versions or SUPPORTED_VLLM:
            write(version, run_real_lane(version))
    lanes = read_all()
    (RESULTS / "README.md").write_text(as_markdown(lanes), encoding="utf-8")
    if set(SUPPORTED_VLLM) <= set(lanes):
        write_into_readme("tools/matrix.py", summary(lanes))
    write_into_readme("tools/matrix.py", not_shown(), SUPPORT)
    # results/audit.md says of each vLLM how its lane ended.
    run(sys.executable, ROOT / "tools" / "check_audit_on_releases.py", "--tables")
    failed = [
        name
        for engine, lane in lanes.items()
        for name in (
            source_only.unexplained(lane)
            if is_source_only(engine)
            else [name for name, r in lane["results"].items() if r["outcome"] == "failed"]
        )
    ]
    return 1 if failed else 0


if __name__ == "__main__":
    use_this_environment()
    sys.exit(main(sys.argv[1:]))
