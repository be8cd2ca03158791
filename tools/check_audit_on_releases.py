"""Is the audit right? Hold what it says of every vLLM release since 0.10.0 against real imports.

``python tools/check_audit_on_releases.py`` writes results/audit.json and results/audit.md. It needs the network,
for the releases' sources, and an environment with vLLM, whose torch serves for all of them. Exit
status 1 if the audit calls a release compatible that is not, or is alarmed where the suite is green.
With ``--tables`` it runs nothing, and writes results/audit.md only, which says what of it is stale.
"""

import datetime
import json
import os
import re
import shutil
import sys
import tempfile
from itertools import pairwise, permutations
from pathlib import Path
from runpy import run_path

import pytest
from matrix import read_all
from shared import environments
from shared.freshness import HARNESS, RENDERED, STALE, digest, marked
from shared.rendering import (
    MODELS,
    ROOT,
    SUPPORTED_VLLM,
    TEMPLATE,
    render_into,
    result_of,
    run,
    use_this_environment,
)
from shared.sources import SOURCES, releases, source_of

RESULTS = ROOT / "results"
DECIDING = [*RENDERED, *HARNESS, "tools/check_audit_on_releases.py", "tools/shared/sources.py"]
AUDIT_FOLDER = TEMPLATE / "tests" / "_template" / "audit"
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
        folder = project / "tests" / "_template" / "audit"
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder)
            self.main = run_path(str(folder / "__main__.py"))

    def source(self, folder: Path):
        with tempfile.TemporaryDirectory() as unused:
            return self.main["Source"](str(folder), Path(unused))

    def breaking(self, recorded: Path, audited: Path) -> list[str]:
        """Return what breaks on one release of what was recorded on another."""
        reference = self.main["record"](self.source(recorded), self.package)
        return self.main["audit"](self.source(audited), self.package, reference).sections[
            "Breaking"
        ]


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
    python = environments.environment(SUPPORTED_VLLM[-1]) / "python"
    path = os.pathsep.join(map(str, [folder, project, SOURCES / "beside"]))
    settings = {"PYTHONPATH": path, "VLLM_TARGET_DEVICE": "cpu"}
    command = [str(python), "-c", IMPORT]
    result = result_of(*command, env=os.environ | settings, cwd=project.parent)
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
        shutil.copytree(AUDIT_FOLDER, package.parent / "tests" / "_template" / "audit")
        package.mkdir()
        (package / "about.py").write_text('ARCHITECTURES = {"Model": "model:Model"}\n')
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
    audits = {kind: Audit(render_into(folder / kind, kind=kind)) for kind in MODELS}
    return {
        name: audits[kind].breaking(sources[recorded], sources[audited])
        for name, (kind, recorded, audited) in pairs().items()
    }


def is_wrong(prediction: dict) -> bool:
    """Tell whether the audit called something compatible that fails because of vLLM's own names."""
    fails = prediction["seen"].startswith("fails") and "vllm" in prediction["seen"]
    return prediction["audit"] == "compatible" and (fails or "failed" in prediction["seen"])


def pairs() -> dict[str, tuple[str, str, str]]:
    """Return kind and two releases for each pair on which a kind's tests pass, by name."""
    return {
        f"{kind}, recorded on {recorded}, audited on {audited}": (kind, recorded, audited)
        for kind in MODELS
        for recorded, audited in permutations(environments.supported_by(kind), 2)
    }


def state_of(result: dict) -> str:
    """Return "" if a report is of what is here now and of all of it, else why it is stale."""
    if result.get("about", {}).get("digest") != digest(*DECIDING):
        return STALE
    forms = {what for what, _, _ in OLD_FORMS.values()}
    wanted = {*SUPPORTED_VLLM, *forms, *pairs()}
    lacking = sorted(wanted - {*result["decoder"], *result["old forms"], *result["alarms"]})
    return f"stale: it lacks {', '.join(lacking)}" if lacking else ""


def as_markdown(result: dict) -> str:
    state = state_of(result)
    # What a real lane showed is as old as that lane's report.
    old = {version for version, lane in read_all().items() if lane["state"]}
    predicted, forms, alarms = result["decoder"], result["old forms"], result["alarms"]
    wrong = [version for version, each in predicted.items() if is_wrong(each)]
    alarmed = [name for name, findings in alarms.items() if findings]
    lines = [
        "# Is the audit right?",
        "",
        "Written by `tools/check_audit_on_releases.py`. The `decoder`, recorded on the newest supported vLLM, on every",
        "release since 0.10.0: what the audit says, and what was seen: its tests on real vLLM, or, for",
        "the others, an import of its model with that release's Python source, on the torch of the",
        f"newest supported release. Called compatible and not so: {', '.join(wrong) or 'none'}.",
        "",
        f"Run on {result.get('about', {}).get('date', 'an unknown day')}; {state or 'current'}.",
        "",
        f"| vLLM | {marked('the audit', state)} | findings | {marked('seen', state)} |",
        "|---|---|---|---|",
    ]
    for version, each in predicted.items():
        seen = marked(each["seen"], "stale" if version in old and "runs" in each["seen"] else "")
        lines.append(f"| {version} | {each['audit']} | {each['findings']} | {seen} |")
    lines += ["", "## Old forms", ""]
    lines += [f"| what | since | {marked('the audit', state)} |", "|---|---|---|"]
    lines += [f"| {what} | {each['since']} | {each['named']} |" for what, each in forms.items()]
    lines += [
        "",
        f"## {marked('False alarms', state)}",
        "",
        f"{len(alarms)} pairs of releases on which a kind's tests pass, in both orders; called",
        f"breaking: {', '.join(alarmed) or 'none'}.",
    ]
    return "\n".join(lines) + "\n"


def read() -> dict:
    return json.loads((RESULTS / "audit.json").read_text("utf-8"))


def main(arguments: list[str]) -> int:
    """Return 1 if the audit was wrong, 0 if it was right, or if only the tables were asked for."""
    if arguments == ["--tables"]:
        (RESULTS / "audit.md").write_text(as_markdown(read()), encoding="utf-8")
        return 0
    about = {"date": datetime.date.today().isoformat(), "digest": digest(*DECIDING)}
    sources = {version: source_of(version, address) for version, address in releases().items()}
    # What older releases import and the newest does not bring.
    run("uv", "pip", "install", "--no-deps", "--target", SOURCES / "beside", "gguf==0.19.0")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result: dict[str, dict] = {
            "about": about,
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
    use_this_environment()
    sys.exit(main(sys.argv[1:]))
