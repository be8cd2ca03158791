"""Does a report speak of what is here now? By a digest of the files that decide what it says."""

import hashlib
from pathlib import Path

from shared.rendering import ROOT, TEMPLATE

# What is rendered, and what decides how.
RENDERED = [
    TEMPLATE.name,
    "answer_rules.py",
    "cookiecutter.json",
    "hooks",
    "template_extension.py",
    "templates",
]
# What all tests run in.
HARNESS = ["tests/conftest.py", "tools/shared/rendering.py", "tools/shared/cases.py"]
# What tools leave behind.
CACHES = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
# The pages of the documentation: no lane reads them.
GUIDE = "guide.md"
STALE = "stale: it ran on another state of the template or of its tests"


def files_of_lane(lane: str, root: Path = ROOT) -> list[str]:
    """Return the files and folders that decide what a lane shows: ``fixture``, ``real``, ``source``."""
    shared = [*RENDERED, *HARNESS, "tests/engine/cases"]
    if lane == "fixture":
        return [*shared, "tests/engine/test_conformance.py", "tests/engine/test_faults.py"]
    tests = [path for path in root.glob("tests/**/test_*.py") if "mark.real\n" in path.read_text()]
    real = [path.relative_to(root).as_posix() for path in tests]
    tools = ["tools/shared/edits.py", "tools/shared/environments.py"]
    brought = ["tools/shared/sources.py"] if lane == "source" else []
    return [*shared, "docs/guides", "tests/in_vllm", *tools, *real, *brought]


def digest(*names: str, also: str = "", root: Path = ROOT) -> str:
    """Return a digest of the files and folders of some names, and of a text.

    It is the same wherever the repository stands, however the file system sorts, and whatever git
    knows. FileNotFoundError if a name is nowhere.
    """
    contents = {}
    for name in names:
        path = root / name
        if not path.exists():
            raise FileNotFoundError(f"{name} decides what a report says, and is not there")
        for file in [path, *path.rglob("*")]:
            if file.is_file() and file.name != GUIDE and not CACHES.intersection(file.parts):
                contents[file.relative_to(root).as_posix()] = file.read_bytes()
    found = hashlib.sha256(also.encode())
    for name, content in sorted(contents.items()):
        found.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:16]


def state_of(report: dict, now: str) -> str:
    """Return "" if a report is of the files that give the digest ``now`` and complete, else why not.

    It has ``about`` with its own digest, the tests that were ``collected``, and their ``results``.
    """
    if report.get("about", {}).get("digest") != now:
        return STALE
    lacking = sorted(set(report["collected"]) - set(report["results"]))
    if lacking:
        return f"stale: it lacks {len(lacking)} tests that were collected, {lacking[0]} for one"
    return ""


def marked(name: str, state: str) -> str:
    """Return a name as tables have it: with a mark if what it stands for is stale."""
    return f"{name} (stale)" if state else name
