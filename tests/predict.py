"""Is the audit right? Hold what it says of every vLLM release since 0.10.0 against real imports.

``python tests/predict.py`` writes results/audit.json and results/audit.md. It needs the network,
for the releases' sources, and an environment with vLLM, whose torch serves for all of them. Exit
status 1 if the audit calls a release compatible that is not, or is alarmed where the suite is green.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise, permutations
from pathlib import Path
from runpy import run_path

import pytest
import real_vllm
from helpers import KINDS, ROOT, SUPPORTED_VLLM, TEMPLATE, render_into, run
from vllm_sources import SOURCES, releases, source_of

RESULTS = ROOT / "results"
AUDIT_FOLDER = TEMPLATE / "tests" / "audit"
IMPORT = """
import importlib, sys
try:
    import vllm_my_model.model
except BaseException as error:
    print("fails:", type(error).__name__, " ".join(str(error).split())[:150])
else:
    print("imports")
"""
# What a plugin did before a release changed it; facts that vLLM's users met.
OLD_FORMS = {
    "0.11.0": (
        "logits from sampling metadata",
        "from vllm.model_executor.sampling_metadata import SamplingMetadata\n",
        "SamplingMetadata has moved to vllm.v1.sample.metadata.SamplingMetadata",
    ),
    "0.11.0 too": (
        "compute_logits() with sampling metadata",
        "class Model:\n"
        "    def get_input_embeddings(self, input_ids): pass\n"
        "    def forward(self, input_ids, positions): pass\n"
        "    def compute_logits(self, hidden_states, sampling_metadata): pass\n",
        "lost sampling_metadata of compute_logits()",
    ),
    "0.12.0": (
        "get_rope() with base",
        "from vllm.model_executor.layers.rotary_embedding import get_rope\n"
        "rope = get_rope(64, rotary_dim=64, max_position=128, base=10000)\n",
        "get_rope() lost base",
    ),
    "0.13.0": (
        "get_rope() with rotary_dim",
        "from vllm.model_executor.layers.rotary_embedding import get_rope\n"
        "rope = get_rope(64, rotary_dim=64, max_position=128)\n",
        "get_rope() lost rotary_dim",
    ),
    # vLLM 0.11.1 renamed it, and called the old name as well until 0.13.
    "0.13.0 too": (
        "get_input_embeddings()",
        "class Model:\n"
        "    def get_input_embeddings(self, input_ids): pass\n"
        "    def forward(self, input_ids, positions): pass\n"
        "    def compute_logits(self, hidden_states): pass\n",
        "requires embed_input_ids()",
    ),
    "0.14.0": (
        "AttentionType in its old place",
        "from vllm.attention.backends.abstract import AttentionType\n",
        "AttentionType has moved to vllm.v1.attention.backend.AttentionType",
    ),
    "0.16.0": (
        "Attention in its old place",
        "from vllm.attention.layer import Attention\n",
        "Attention has moved to vllm.model_executor.layers.attention",
    ),
    "0.29.0": (
        "AutoWeightsLoader() with skip_prefixes",
        "from vllm.model_executor.models.utils import AutoWeightsLoader\n"
        "class Loader:\n"
        "    def load_weights(self, weights):\n"
        "        return AutoWeightsLoader(self, skip_prefixes=['lm_head.'])\n",
        "AutoWeightsLoader() lost skip_prefixes",
    ),
    "0.29.0 too": (
        "DEFAULT_V2_MODEL_RUNNER_ARCHITECTURES",
        "from vllm.config.vllm import DEFAULT_V2_MODEL_RUNNER_ARCHITECTURES\n",
        "DEFAULT_V2_MODEL_RUNNER_ARCHITECTURES is gone",
    ),
}


class Audit:
    """The audit of one rendered kind of model, as its author runs it, but in this process."""

    def __init__(self, project: Path, package: str = "vllm_my_model") -> None:
        self.project, self.package = project, project / package
        folder = project / "tests" / "audit"
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder)
            self.main = run_path(str(folder / "__main__.py"))

    def source(self, folder: Path):
        with tempfile.TemporaryDirectory() as unused:
            return self.main["Source"](str(folder), Path(unused))

    def uses(self) -> list:
        return self.main["uses_of"](self.package)

    def breaking(self, recorded: Path, audited: Path) -> list[str]:
        """Return what breaks on one release of what was recorded on another."""
        uses = self.uses()
        reference = self.main["record"](self.source(recorded), uses)
        return self.main["audit"](self.source(audited), uses, reference)["Breaking"]


def predictions(decoder: Audit, sources: dict[str, Path]) -> dict[str, dict]:
    """Return for every release what the audit says of the decoder, and what was seen of it."""
    newest = sources[SUPPORTED_VLLM[-1]]
    found = {}
    for version, folder in sources.items():
        problems = decoder.breaking(newest, folder)
        found[version] = {
            "audit": problems[0].partition(": ")[2] if problems else "compatible",
            "findings": len(problems),
            "seen": seen_of(version, folder, decoder.project),
        }
    return found


def seen_of(version: str, folder: Path, project: Path) -> str:
    """Return what a real run showed where there is one, else what importing the model does."""
    results = RESULTS / f"{version}.json"
    if results.exists():
        own = json.loads(results.read_text("utf-8"))["results"]
        return f"runs: {own['test_its_own_tests_pass_on_real_vllm[decoder]']['outcome']}"
    # The release's Python, without its compiled part, on the torch of the newest supported one.
    python = real_vllm.environment(SUPPORTED_VLLM[-1]) / "python"
    path = os.pathsep.join(map(str, [folder, project, SOURCES / "beside"]))
    settings = {"PYTHONPATH": path, "VLLM_TARGET_DEVICE": "cpu"}
    command = [str(python), "-c", IMPORT]
    result = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True, cwd=project.parent
    )
    seen = result.stdout.splitlines()[-1] if result.stdout else f"ends with {result.returncode}"
    # Of a path its last part says enough.
    return re.sub(r"/\S*/", "…/", seen)


def old_forms(folder: Path, sources: dict[str, Path]) -> dict[str, dict]:
    """Return for each old form what the audit says on the release that changed it."""
    before = {new: old for old, new in pairwise(sources)}
    found = {}
    for number, (name, (what, code, expected)) in enumerate(OLD_FORMS.items()):
        version = name.partition(" ")[0]
        package = folder / str(number) / "plugin"
        shutil.copytree(AUDIT_FOLDER, package.parent / "tests" / "audit")
        package.mkdir()
        (package / "about.py").write_text('ARCHITECTURE = "Model"\n')
        (package / "model.py").write_text(code)
        plugin, old, new = (
            Audit(package.parent, "plugin"),
            sources[before[version]],
            sources[version],
        )
        findings = plugin.breaking(old, new)
        found[what] = {
            "since": version,
            "named": next((line for line in findings if expected in line), "NOT NAMED"),
            "on the release before": plugin.breaking(old, old)[:1],
        }
    return found


def false_alarms(folder: Path, sources: dict[str, Path]) -> dict[str, list[str]]:
    """Return what the audit calls breaking between two releases on which a kind's tests pass."""
    alarms = {}
    for kind in KINDS:
        audit = Audit(render_into(folder / kind, model_kind=kind))
        for recorded, audited in permutations(real_vllm.supported_by(kind), 2):
            name = f"{kind}, recorded on {recorded}, audited on {audited}"
            alarms[name] = audit.breaking(sources[recorded], sources[audited])
    return alarms


def is_wrong(prediction: dict) -> bool:
    """Tell whether the audit called something compatible that fails because of vLLM's own names."""
    fails = prediction["seen"].startswith("fails") and "vllm" in prediction["seen"]
    return prediction["audit"] == "compatible" and (fails or "failed" in prediction["seen"])


def as_markdown(result: dict) -> str:
    predicted, forms, alarms = result["decoder"], result["old forms"], result["alarms"]
    wrong = [version for version, each in predicted.items() if is_wrong(each)]
    alarmed = [name for name, findings in alarms.items() if findings]
    lines = [
        "# Is the audit right?",
        "",
        "Written by `tests/predict.py`. The `decoder`, recorded on the newest supported vLLM, on every",
        "release since 0.10.0: what the audit says, and what was seen: its tests on real vLLM, or, for",
        "the others, an import of its model with that release's Python source, on the torch of the",
        f"newest supported release. Called compatible and not so: {', '.join(wrong) or 'none'}.",
        "",
        "| vLLM | the audit | findings | seen |",
        "|---|---|---|---|",
    ]
    for version, each in predicted.items():
        lines.append(f"| {version} | {each['audit']} | {each['findings']} | {each['seen']} |")
    lines += ["", "## Old forms", "", "| what | since | the audit |", "|---|---|---|"]
    lines += [f"| {what} | {each['since']} | {each['named']} |" for what, each in forms.items()]
    lines += [
        "",
        "## False alarms",
        "",
        f"{len(alarms)} pairs of releases on which a kind's tests pass, in both orders; called",
        f"breaking: {', '.join(alarmed) or 'none'}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    sources = {version: source_of(version, address) for version, address in releases().items()}
    # What older releases import and the newest does not bring.
    run("uv", "pip", "install", "--no-deps", "--target", SOURCES / "beside", "gguf==0.19.0")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result: dict[str, dict] = {
            "decoder": predictions(Audit(render_into(folder / "decoder")), sources),
            "old forms": old_forms(folder / "forms", sources),
            "alarms": false_alarms(folder / "kinds", sources),
        }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (RESULTS / "audit.json").write_text(text + "\n", encoding="utf-8")
    (RESULTS / "audit.md").write_text(as_markdown(result), encoding="utf-8")
    unnamed = [each for each in result["old forms"].values() if each["named"] == "NOT NAMED"]
    early = [each for each in result["old forms"].values() if each["on the release before"]]
    wrong = [each for each in result["decoder"].values() if is_wrong(each)]
    return 1 if unnamed or early or wrong or any(result["alarms"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
