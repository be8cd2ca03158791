"""Break the template in one place at a time, and see whether the tests notice.

``python tests/mutations.py [--real] [WORD ...]`` runs those mutations whose name has one of the
words, or all, and writes results/mutations.json and results/mutations.md. A mutation is tried on
a copy of this repository, with the tests that should notice it, and if they do not, with the whole
fast lane. With ``--real`` those run that an engine must notice, in the real lane.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from helpers import ROOT, SUPPORTED_VLLM, run

RESULTS = ROOT / "results"
PROJECT = "{{cookiecutter.package_name}}"
PACKAGE = f"{PROJECT}/{PROJECT}"
ENGINE = f"{PROJECT}/tests/fixture_engine/vllm"
AUDIT = f"{PROJECT}/tests/audit"
WORKFLOWS = f"{PROJECT}/.github/workflows"
KINDS = "templates/kinds"


class Mutation(NamedTuple):
    """What to put in place of what in which file, and the tests that should notice.

    In the real lane on the newest supported vLLM, unless it names another.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
    vllm: str = SUPPORTED_VLLM[-1]


LOADED = "tests/test_package.py -k decoder"
OWN = "tests/test_package.py -k own_tests"
METADATA = "tests/test_package.py -k metadata"
RENDERED = "tests/test_rendering.py"
WORKFLOW = "tests/test_workflows.py"
CLEAN = "tests/test_clean.py -k image"
ANSWERS = "tests/test_answers.py"
WORDS = "tests/test_any_answer.py"
CONFORMS = "tests/test_conformance.py -k fixture_engine_conforms"
DOCTOR = "tests/test_doctor.py"
AUDITS = "tests/test_audit.py"
ENTRY = """[f"{about['PLUGIN_NAME']} = {PACKAGE}:register"]"""

FAST = [
    # Metadata
    Mutation("entry point removed", f"{PROJECT}/setup.py", ENTRY, "[]", LOADED),
    Mutation("group misspelt", f"{PROJECT}/setup.py", "general_plugins", "general_plugin", LOADED),
    Mutation("plugin value misspelt", f"{PROJECT}/setup.py", ":register", ":registr", LOADED),
    Mutation("plugin name is the package's", f"{PROJECT}/setup.py", ENTRY,
             """[f"{PACKAGE} = {PACKAGE}:register"]""", f"{WORDS} -k built"),
    Mutation("description dropped", f"{PROJECT}/setup.py",
             "    description={{ cookiecutter.description | python_string }},\n", "", RENDERED),
    Mutation("license not declared", f"{PROJECT}/setup.py",
             '    license_expression="{{ cookiecutter.license | spdx }}",\n', "", METADATA),
    Mutation("any Python is good", f"{PROJECT}/setup.py",
             '    python_requires=">=3.10",\n', "", METADATA),
    Mutation("vLLM is required", f"{PROJECT}/setup.py", "    extras_require={",
             '    install_requires=["vllm"],\n    extras_require={', METADATA),
    Mutation("README not in the metadata", f"{PROJECT}/setup.py",
             'long_description=(HERE / "README.md").read_text(encoding="utf-8")',
             'long_description=""', METADATA),
    Mutation("tests are installed", f"{PROJECT}/setup.py",
             'find_packages(include=[PACKAGE, f"{PACKAGE}.*"])',
             '[PACKAGE, "tests"]', "tests/test_package.py -k wheel"),
    Mutation("sdist without tests", f"{PROJECT}/MANIFEST.in", "graft tests\n", "", LOADED),
    Mutation("answer pasted unquoted", f"{PROJECT}/setup.py",
             "author={{ cookiecutter.author_name | python_string }}",
             'author="{{ cookiecutter.author_name }}"', WORDS),
    # register()
    Mutation("guard removed", f"{PACKAGE}/__init__.py",
             "if ARCHITECTURE not in ModelRegistry.get_supported_archs():", "if True:", OWN),
    Mutation("not re-entrant", f"{PACKAGE}/__init__.py",
             "elif (owner := owner_of(ModelRegistry.models[ARCHITECTURE])) != model_class:",
             "else:\n        owner = 'itself'", OWN),
    Mutation("eager import", f"{PACKAGE}/__init__.py", "from ._safety",
             "import transformers  # noqa: F401\n\nfrom ._safety", OWN),
    Mutation("lazy string names another module", f"{PACKAGE}/__init__.py",
             ".model:{ARCHITECTURE}", ".models:{ARCHITECTURE}", LOADED),
    Mutation("lazy string without a colon", f"{PACKAGE}/__init__.py",
             ".model:{ARCHITECTURE}", ".model.{ARCHITECTURE}", LOADED),
    Mutation("config not registered", f"{PACKAGE}/__init__.py",
             "    attempt(register_config)\n", "", OWN),
    Mutation("architecture not registered", f"{PACKAGE}/__init__.py",
             "    attempt(register_architecture)\n", "", LOADED),
    Mutation("range is not looked at", f"{PACKAGE}/__init__.py",
             "    attempt(warn_if_untested)\n", "", OWN),
    Mutation("others' model type is taken", f"{PACKAGE}/__init__.py",
             "if MODEL_TYPE not in CONFIG_MAPPING:\n        AutoConfig.register(MODEL_TYPE, Config)",
             "if True:\n        AutoConfig.register(MODEL_TYPE, Config, exist_ok=True)", OWN),
    Mutation("a failure stops vLLM", f"{PACKAGE}/_safety.py",
             'if isinstance(error, KeyboardInterrupt) or os.environ.get(STRICT) == "1":',
             "if True:", OWN),
    Mutation("strict mode does nothing", f"{PACKAGE}/_safety.py",
             ' or os.environ.get(STRICT) == "1"', "", OWN),
    Mutation("Ctrl-C is swallowed", f"{PACKAGE}/_safety.py",
             "isinstance(error, KeyboardInterrupt) or ", "", OWN),
    Mutation("only Exception is caught", f"{PACKAGE}/_safety.py",
             "except BaseException as error:", "except Exception as error:", OWN),
    Mutation("said at every call", f"{PACKAGE}/_safety.py",
             "if _said.setdefault((os.getpid(), topic), mine) is mine:", "if mine:", OWN),
    Mutation("log that vLLM does not show", f"{PACKAGE}/_safety.py",
             'logging.getLogger(f"vllm.{PLUGIN_NAME}")', "logging.getLogger(PLUGIN_NAME)", OWN),
    Mutation("a log handler may stop vLLM", f"{PACKAGE}/_safety.py",
             "contextlib.suppress(Exception)", "contextlib.nullcontext()", OWN),
    Mutation("newest version counts as untested", f"{PACKAGE}/_safety.py",
             "_release(version) <= _release(NEWEST_VLLM)",
             "_release(version) < _release(NEWEST_VLLM)", OWN),
    Mutation("patch number is ignored", f"{PACKAGE}/_safety.py", "[:3])", "[:2])", OWN),
    Mutation("vLLM range off by one", f"{PACKAGE}/about.py", "supported.split() | last",
             "supported.split()[:-1] | last", RENDERED),
    Mutation("oldest of a kind is ignored", f"{PACKAGE}/about.py",
             '{% include [own_start, "supported_vllm.txt"] %}',
             '{% include "supported_vllm.txt" %}', RENDERED),
    # Files
    Mutation("license text is another's", f"{PROJECT}/LICENSE",
             "'licenses/' ~ cookiecutter.license ~ '.txt'", "'licenses/MIT.txt'", RENDERED),
    Mutation("license missing", f"{PROJECT}/LICENSE",
             "{% include 'licenses/' ~ cookiecutter.license ~ '.txt' -%}\n", "", RENDERED),
    Mutation("author missing in the license", "templates/licenses/MIT.txt",
             "{{ cookiecutter.author_name }}", "the author", RENDERED),
    Mutation("variable shown and not rendered", f"{PROJECT}/README.md",
             "# {{ cookiecutter.package_name }}\n",
             "# {% raw %}{{ cookiecutter.package_name }}{% endraw %}\n", RENDERED),
    Mutation("README names another plugin", f"{PROJECT}/README.md",
             "This plugin's is `{{ cookiecutter.plugin_name }}`", "This plugin's is `plugin`", RENDERED),
    Mutation("README without the description", f"{PROJECT}/README.md",
             "{{ cookiecutter.description | markdown }}", "", RENDERED),
    Mutation("description is Markdown", f"{PROJECT}/README.md",
             "{{ cookiecutter.description | markdown }}", "{{ cookiecutter.description }}",
             RENDERED),
    # Workflows, image
    Mutation("invalid YAML", f"{WORKFLOWS}/test.yml", "jobs:\n", "jobs\n", WORKFLOW),
    Mutation("CI step dropped", f"{WORKFLOWS}/test.yml",
             "      - run: python -m pytest\n      - run: ruff check .\n",
             "      - run: ruff check .\n", WORKFLOW),
    Mutation("action not pinned", f"{WORKFLOWS}/release.yml",
             "@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0", "@v7", WORKFLOW),
    Mutation("credentials stay", f"{WORKFLOWS}/release.yml",
             "persist-credentials: false", "persist-credentials: true", WORKFLOW),
    Mutation("release without trusted publishing", f"{WORKFLOWS}/release.yml",
             "      id-token: write", "      contents: read", WORKFLOW),
    Mutation("release without attestations", f"{WORKFLOWS}/release.yml",
             "attestations: true", "attestations: false", WORKFLOW),
    Mutation("tag and version may differ", f"{WORKFLOWS}/release.yml",
             'test "v$(python setup.py --version)" = "$GITHUB_REF_NAME"', "true", WORKFLOW),
    Mutation("image replaces vLLM", f"{PROJECT}/Dockerfile", " --no-deps", "", CLEAN),
    Mutation("image is built with a broken plugin", f"{PROJECT}/Dockerfile",
             "RUN python3 -m {{ cookiecutter.package_name }}\n", "", CLEAN),
    Mutation("container runs as root", f"{PROJECT}/Dockerfile", "USER plugin", "USER root", CLEAN),
    Mutation("audit never runs", f"{WORKFLOWS}/audit.yml",
             '  schedule:\n    - cron: "0 5 * * 1"\n', "", WORKFLOW),
    # Audit
    Mutation("audit: what breaks is no failure", f"{AUDIT}/__main__.py",
             'return 1 if report["Breaking"] else 0', "return 0", AUDITS),
    Mutation("audit: keywords are not looked at", f"{AUDIT}/uses.py",
             "keywords = tuple(k.arg for k in node.keywords if k.arg)", "keywords = ()", AUDITS),
    Mutation("audit: defaults are not looked at", f"{AUDIT}/vllm_source.py",
             'f" = {parameter.default}"', '" = …"', AUDITS),
    Mutation("audit: what is inherited counts as gone", f"{AUDIT}/vllm_source.py",
             "inherited = (self.member(base, name, seen) for base in bases)",
             "inherited = ()", AUDITS),
    # Doctor
    Mutation("doctor: a problem is no failure", f"{PACKAGE}/__main__.py",
             "return int(any(level == PROBLEM for level, _, _ in findings))", "return 0", DOCTOR),
    Mutation("doctor: the first of two plugins counts", f"{PACKAGE}/__main__.py",
             "last = named[-1].dist is used", "last = named[0].dist is used", DOCTOR),
    Mutation("doctor: spaces in VLLM_PLUGINS are passed over", f"{PACKAGE}/__main__.py",
             "trimmed = [name.strip() for name in names]", "trimmed = names", DOCTOR),
    # Answers
    Mutation("backslash not escaped", "answer_rules.py",
             'text.replace("\\\\", "\\\\\\\\").replace(quote', "text.replace(quote", WORDS),
    Mutation("template code is run", "template_extension.py",
             '            self.rules["refuse_template_code"](source, self.last_checked)\n',
             "            pass\n", ANSWERS),
    Mutation("several lines are taken", "answer_rules.py", "if text.isprintable():", "if True:",
             ANSWERS),
    Mutation("package may hide another", "answer_rules.py",
             "    if is_reserved(name):\n", "    if False:\n", ANSWERS),
    Mutation("architecture of vLLM's own is taken", "answer_rules.py",
             "if name in TAKEN_ARCHITECTURES:", "if False:", ANSWERS),
    Mutation("comma in a plugin name", "answer_rules.py", "[A-Za-z0-9._-]*[A-Za-z0-9])?\", name",
             "[A-Za-z0-9.,_-]*[A-Za-z0-9])?\", name", ANSWERS),
    Mutation("typed answer is not asked for again", "template_extension.py",
             "while answers[field] != default and", "while False and", ANSWERS),
    Mutation("answer that nobody typed is asked for", "template_extension.py",
             "while answers[field] != default and", "while", ANSWERS),
    Mutation("hook does not check", "hooks/pre_gen_project.py", "if PROBLEMS:", "if False:",
             ANSWERS),
    Mutation("last words that do not run", "hooks/post_gen_project.py", "pip install -e",
             "pip instal -e", ANSWERS),
    # Fixture engine; test_conformance.py breaks it in fifteen more places
    Mutation("engine: VLLM_PLUGINS is ignored", f"{ENGINE}/plugins/__init__.py",
             "if allowed is not None and plugin.name not in allowed:", "if False:", CONFORMS),
    Mutation("engine: two colons pass", f"{ENGINE}/model_executor/models/registry.py",
             'model_cls.count(":") != 1', 'model_cls.count(":") < 1', CONFORMS),
]  # fmt: skip

IN_PROCESS = "tests/real/test_models.py -k in_process_the_output"
PROCESSES = "tests/real/test_processes.py -k in_processes"
MODEL = f"{KINDS}/decoder/model.py"
REAL = [
    # Newer ones see to it themselves.
    Mutation("tied weights ignored", MODEL,
             "                self.lm_head = self.lm_head.tie_weights(self.model.embed_tokens)\n",
             "                pass\n", f"{IN_PROCESS} and decoder", vllm=SUPPORTED_VLLM[0]),
    Mutation("RoPE with another base", MODEL, "rope_parameters=config.rope_parameters,",
             'rope_parameters={"rope_type": "default", "rope_theta": 10000.0},',
             f"{IN_PROCESS} and decoder"),
    Mutation("RoPE in the other layout", MODEL, "is_neox_style=True", "is_neox_style=False",
             f"{IN_PROCESS} and decoder"),
    Mutation("residual not added", MODEL,
             "        return self.mlp(hidden_states), residual\n",
             "        return self.mlp(hidden_states), hidden_states\n",
             f"{IN_PROCESS} and decoder"),
    Mutation("heads not divided among workers", MODEL,
             "num_heads, num_kv_heads = self.qkv_proj.num_heads, self.qkv_proj.num_kv_heads",
             "num_heads, num_kv_heads = config.num_attention_heads, config.num_key_value_heads",
             f"{PROCESSES} and tensor"),
    Mutation("pipeline stage without the residual", MODEL,
             '            residual = intermediate_tensors["residual"]\n',
             "            residual = torch.zeros_like(hidden_states)\n",
             f"{PROCESSES} and pipeline"),
    Mutation("LoRA mapping dropped", MODEL,
             '        "qkv_proj": ["q_proj", "k_proj", "v_proj"],\n', "",
             "tests/real/test_models.py -k lora"),
    Mutation("suppressed tokens are generated", f"{KINDS}/extend/model.py",
             "        if logits is not None:\n", "        if logits is None:\n",
             f"{IN_PROCESS} and extend"),
    Mutation("last token and not the mean", f"{KINDS}/embedding/model.py",
             'seq_pooling_type="MEAN"', 'seq_pooling_type="LAST"', f"{IN_PROCESS} and embedding"),
    Mutation("image scale ignored", f"{KINDS}/multimodal/model.py",
             "image * self.config.image_scale", "image * 1.0",
             "tests/real/test_models.py -k own_tests and multimodal"),
]  # fmt: skip


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what is or would be under version control into a repository of its own.

    It shares the environments with vLLM.
    """
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout
    for name in files.splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".cache").mkdir()
    if (ROOT / ".cache" / "vllm").exists():
        (folder / ".cache" / "vllm").symlink_to(ROOT / ".cache" / "vllm")
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    run("git", "init", "--quiet", folder)
    run("git", "-C", folder, "add", "--all")
    run("git", "-C", folder, *identity, "commit", "--quiet", "--message=copy")
    return folder


def first_failure(folder: Path, *options: str, vllm: str = "") -> str:
    """Return the first test that fails, "" if all pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options]
    settings = os.environ | ({"REAL_VLLM": vllm} if vllm else {})
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=settings)
    failures = [line for line in result.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    # 1: tests failed. Anything else but 0 is no verdict: they could not be run at all.
    if result.returncode not in (0, 1):
        raise RuntimeError(f"{command} ended with {result.returncode}:\n{result.stdout[-2000:]}")
    return failures[0].split(" - ")[0].partition("::")[2] if result.returncode else ""


def try_out(mutation: Mutation, real: bool) -> dict:
    """Apply a mutation to a copy, and return which test noticed it."""
    with tempfile.TemporaryDirectory() as name:
        folder = copy_of_the_repository(Path(name))
        path = folder / mutation.file
        text = path.read_text(encoding="utf-8")
        if mutation.old not in text:
            raise ValueError(f"{mutation.name}: {mutation.file} does not hold {mutation.old!r}")
        path.write_text(text.replace(mutation.old, mutation.new, 1), encoding="utf-8")
        file, _, words = mutation.tests.partition(" -k ")
        selected = [file, *(["-k", words] if words else [])]
        if real:
            noticed = first_failure(folder, *selected, "-m", "real", vllm=mutation.vllm)
        else:
            noticed = first_failure(folder, *selected) or first_failure(folder)
    print(f"{mutation.name}: {noticed or 'SURVIVED'}", flush=True)
    lane = f"real, {mutation.vllm}" if real else "fast"
    return {"file": mutation.file.replace(PROJECT, "…"), "lane": lane, "noticed by": noticed}


def as_markdown(results: dict[str, dict]) -> str:
    survivors = [name for name, result in results.items() if not result["noticed by"]]
    lines = [
        "# What the tests notice",
        "",
        f"{len(results)} breaks, one at a time, and the first test that fails. "
        f"Survivors: {', '.join(survivors) or 'none'}. Written by `tests/mutations.py`.",
        "",
        "| break | file | lane | noticed by |",
        "|---|---|---|---|",
    ]
    for name, result in results.items():
        lines.append(f"| {name} | " + " | ".join(f"`{cell}`" for cell in result.values()) + " |")
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    """Try mutations and add them to the results; return 1 if one survives."""
    real = "--real" in words
    words = [word for word in words if word != "--real"]
    # One engine at a time; otherwise one for each core.
    mutations, workers = (REAL, 1) if real else (FAST, os.cpu_count() or 1)
    chosen = [m for m in mutations if not words or any(word in m.name for word in words)]
    if not real:
        # Without this a test that fails anyway would count as one that notices.
        with tempfile.TemporaryDirectory() as folder:
            unbroken = copy_of_the_repository(Path(folder))
            if failure := first_failure(unbroken, "-n", str(workers)):
                print(f"{failure} fails with nothing broken")
                return 2
    file = RESULTS / "mutations.json"
    RESULTS.mkdir(exist_ok=True)
    results = json.loads(file.read_text("utf-8")) if file.exists() else {}
    with ThreadPoolExecutor(workers) as pool:
        tried = pool.map(lambda mutation: try_out(mutation, real), chosen)
        for mutation, result in zip(chosen, tried, strict=True):
            results[mutation.name] = result
            # In the order above, and without those that are no more.
            results = {m.name: results[m.name] for m in [*FAST, *REAL] if m.name in results}
            text = json.dumps(results, indent=1, ensure_ascii=False)
            file.write_text(text + "\n", encoding="utf-8")
    (RESULTS / "mutations.md").write_text(as_markdown(results), encoding="utf-8")
    return 0 if all(result["noticed by"] for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
