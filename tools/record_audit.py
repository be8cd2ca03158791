"""Record again, for each kind, everything that it uses of the newest supported vLLM."""

import shutil
import sys
import tempfile
from pathlib import Path

from shared import environments
from shared.rendering import KINDS, ROOT, SUPPORTED_VLLM, render_into, run, use_this_environment


def main() -> None:
    [packages] = environments.environment(SUPPORTED_VLLM[-1]).parent.glob(
        "lib/python*/site-packages"
    )
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            audit = render_into(Path(folder), kind=kind) / "tests" / "_template" / "audit"
            run(sys.executable, audit, packages, "--record")
            room = ROOT / "templates" / "kinds" / kind
            shutil.copy(audit / "reference.json", room / "audit_reference.json")


if __name__ == "__main__":
    use_this_environment()
    main()
