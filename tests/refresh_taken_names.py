"""Write taken_names/: architectures, model types and packages that come with the supported vLLMs.

Run it as `.venv/bin/python tests/refresh_taken_names.py` when a vLLM release is added.
"""

import json
import re

import real_vllm
from helpers import ROOT, SUPPORTED_VLLM, run

ASK = """
import json
from importlib.metadata import distributions, packages_distributions
from transformers import CONFIG_MAPPING
from vllm import ModelRegistry
from vllm.transformers_utils.config import _CONFIG_REGISTRY

names = {
    "architectures": list(ModelRegistry.get_supported_archs()),
    "model_types": [*CONFIG_MAPPING, *_CONFIG_REGISTRY],
    "packages": [*packages_distributions(), *(each.name for each in distributions())],
}
print("\\n" + json.dumps(names))
"""


def main() -> None:
    """Ask every supported vLLM, and write the union of the answers."""
    taken: dict[str, set[str]] = {}
    for version in SUPPORTED_VLLM:
        python = real_vllm.environment(version) / "python"
        answer = json.loads(run(python, "-c", ASK).stdout.splitlines()[-1])
        for what, names in answer.items():
            taken.setdefault(what, set()).update(names)
    # As the template's package names are written; two spellings of a distribution are one.
    packages = {re.sub(r"[-_.]+", "_", name).lower() for name in taken["packages"]}
    taken["packages"] = {name for name in packages if name.isidentifier()}
    for what, names in taken.items():
        text = "".join(f"{name}\n" for name in sorted(names))
        (ROOT / "taken_names" / f"{what}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
