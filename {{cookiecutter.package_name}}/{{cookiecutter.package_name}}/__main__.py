"""The doctor: ``python -m PACKAGE [CHECKPOINT] [--json]`` tells why vLLM does not use this plugin.

Run it where vLLM runs. It starts no engine, and needs no GPU. There is no need to edit this file.
Exit status: 0; 1 if there is a problem; 2 for wrong usage.
"""

import argparse
import json
import sys

from ._doctor.environment import look_at_environment
from ._doctor.findings import PROBLEM, show
from ._doctor.imports import import_folder
from ._doctor.installation import look_at_installation, look_at_vllm
from ._doctor.installers import PACKAGE
from ._doctor.processes import run_in_child


def main() -> int:
    parser = argparse.ArgumentParser(prog=f"python -m {PACKAGE}")
    parser.add_argument("checkpoint", nargs="?", help="a folder with a config.json")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    # The current folder, in which the command vllm does not look.
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    findings = [*look_at_vllm(), *look_at_installation(), *look_at_environment()]
    if import_folder("vllm"):
        # What depends on a problem would only repeat it.
        only_vllm = any(level == PROBLEM for level, _, _ in findings)
        findings += run_in_child(options.checkpoint, only_vllm)
    if options.json:
        show(json.dumps([{"level": a, "found": b, "cure": c} for a, b, c in findings], indent=2))
    else:
        lines = [f"{a:8} {b}" + (f" Cure: {c}" if c else "") for a, b, c in findings]
        show("\n".join(lines))
    return int(any(level == PROBLEM for level, _, _ in findings))


if __name__ == "__main__":
    sys.exit(main())
