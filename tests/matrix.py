"""Run the real lane on some supported vLLMs, or on all, and keep what it showed.

``python tests/matrix.py [VERSION ...]`` writes results/VERSION.json, and from all that are there
results/README.md: one row for each test of the real lane, one column for each version.
"""

import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import real_vllm
from helpers import ROOT, SUPPORTED_VLLM

RESULTS = ROOT / "results"
VERSIONS = """
import importlib.metadata as m, json, vllm
names = ["torch", "transformers"]
print(json.dumps({"vllm": vllm.__version__} | {name: m.version(name) for name in names}))
"""


def run_lane(version: str) -> dict:
    """Run the real lane on one version; return what it ran on, and the outcome of each test."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-m", "real", f"--junit-xml={report}"]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"REAL_VLLM": version})
        cases = list(ElementTree.parse(report).iter("testcase"))
    python = real_vllm.environment(version) / "python"
    output = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True, check=True)
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **json.loads(output.stdout.splitlines()[-1]),
        "results": {case.get("name"): outcome(case) for case in cases},
    }


def outcome(case: ElementTree.Element) -> dict:
    """Return how a test ended, why it was skipped, and the properties that it recorded."""
    properties = {item.get("name"): item.get("value") for item in case.iter("property")}
    for tag, result in [("failure", "failed"), ("error", "failed"), ("skipped", "skipped")]:
        if (element := case.find(tag)) is not None:
            first_line = (element.get("message") or "").partition("\n")[0]
            return {"outcome": result, "reason": first_line, **properties}
    return {"outcome": "passed", **properties}


def as_markdown(lanes: dict[str, dict]) -> str:
    """Return the table of all versions, and what each of them ran on."""
    names = list(dict.fromkeys(name for lane in lanes.values() for name in lane["results"]))
    lines = ["# What the real lane showed", "", "Written by `tests/matrix.py`.", ""]
    lines += ["| test | " + " | ".join(lanes) + " |", "|---" * (len(lanes) + 1) + "|"]
    for name in names:
        cells = [lane["results"].get(name, {}).get("outcome", "not run") for lane in lanes.values()]
        title = name.removeprefix("test_").replace("_", " ")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    lines += ["", "| vLLM | date | Python | torch | transformers | machine |", "|---" * 6 + "|"]
    for lane in lanes.values():
        facts = [
            lane[key] for key in ("vllm", "date", "python", "torch", "transformers", "machine")
        ]
        lines.append("| " + " | ".join(facts) + " |")
    return "\n".join(lines) + "\n"


def main(versions: list[str]) -> int:
    unknown = [version for version in versions if version not in SUPPORTED_VLLM]
    if unknown:
        print(f"{unknown[0]} is not in templates/supported_vllm.txt: {', '.join(SUPPORTED_VLLM)}")
        return 2
    RESULTS.mkdir(exist_ok=True)
    for version in versions or SUPPORTED_VLLM:
        lane = run_lane(version)
        (RESULTS / f"{version}.json").write_text(json.dumps(lane, indent=2) + "\n")
    files = {version: RESULTS / f"{version}.json" for version in SUPPORTED_VLLM}
    lanes = {
        version: json.loads(file.read_text()) for version, file in files.items() if file.exists()
    }
    (RESULTS / "README.md").write_text(as_markdown(lanes))
    outcomes = [r["outcome"] for lane in lanes.values() for r in lane["results"].values()]
    return 1 if "failed" in outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
