"""Record anew, for each kind of model, what the newest supported vLLM has of all that it uses."""

import shutil
import sys
import tempfile
from pathlib import Path

import real_vllm
from helpers import KINDS, ROOT, SUPPORTED_VLLM, render_into, run


def main() -> None:
    [packages] = real_vllm.environment(SUPPORTED_VLLM[-1]).parent.glob("lib/python*/site-packages")
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            audit = render_into(Path(folder), model_kind=kind) / "tests" / "audit"
            run(sys.executable, audit, packages, "--record")
            room = ROOT / "templates" / "kinds" / kind
            shutil.copy(audit / "reference.json", room / "audit_reference.json")


if __name__ == "__main__":
    main()
