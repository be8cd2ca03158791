"""The cases that run in both engines: their names, and a way to run them."""

import ast
import json
import os
from pathlib import Path

from shared.rendering import LONG_LIMIT, ROOT, result_of

CASES = ROOT / "tests" / "engine" / "cases"


def case_names(module: str) -> list[str]:
    """Return the names of a module's cases, without importing it: that needs an engine."""
    tree = ast.parse((CASES / f"{module}.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [function.name for function in functions if function.decorator_list]


def run_cases(python: Path, module: str, folder: Path, *names: str, path: str = "") -> dict:
    """Run cases with the engine that ``python`` imports; return the outcome of each by name."""
    settings = {
        "PYTHONPATH": path,
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    command = [str(python), str(CASES / "run.py"), module, str(folder), *names]
    result = result_of(*command, env=os.environ | settings, limit=LONG_LIMIT)
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    return {outcome["case"]: outcome for outcome in map(json.loads, lines)}
