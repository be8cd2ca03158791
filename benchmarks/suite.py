"""How long the tests of this repository take, from a fresh clone, and where the seconds go."""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
LANES = {"fast lane": ["-n", "2"], "real lane": ["-n", "2", "-m", "real"]}
GOALS = {"fast lane": "< 60 s", "real lane": "< 600 s"}


def read(lane: str, report: Path) -> dict:
    """Return what pytest's report says of a lane: how long it took, and which files took most."""
    files: Counter[str] = Counter()
    [suite] = ElementTree.parse(report).iter("testsuite")
    for case in suite.iter("testcase"):
        files[case.attrib["classname"].rpartition(".")[2]] += float(case.attrib["time"])
    return {
        "name": lane,
        "seconds": float(suite.attrib["time"]),
        "goal": GOALS[lane],
        "in tests": dict(files.most_common(6)),
    }


def lanes() -> list[dict]:
    """Run both lanes in a clone of what is committed, the real one without an environment yet."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        clone, report = Path(name, "clone"), Path(name, "report.xml")
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True, timeout=600)
        for lane, options in LANES.items():
            command = [sys.executable, "-m", "pytest", f"--junit-xml={report}", *options]
            subprocess.run(command, cwd=clone, check=True, stdout=subprocess.DEVNULL, timeout=7200)
            found.append(read(lane, report))
    return found
