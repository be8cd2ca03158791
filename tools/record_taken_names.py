"""Write taken_names/: all names that the supported vLLMs have already, from models to packages.

The parsers, KV connectors and LoRA resolvers are those of newer releases too, from their source: a
plugin's name must outlive the supported ones. And the modules of the supported Pythons, from the list
that mypy has of them. Run it as `.venv/bin/python tools/record_taken_names.py` when a vLLM release is
added.
"""

import ast
import json
import re
from pathlib import Path
from typing import TypeGuard

import mypy
from shared import environments
from shared.rendering import ROOT, SUPPORTED_PYTHONS, SUPPORTED_VLLM, run, use_this_environment
from shared.sources import as_numbers, releases, source_of

ASK = """
import json
import re
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
import vllm
from transformers import CONFIG_MAPPING
from vllm import ModelRegistry
from vllm.model_executor.layers.quantization import QUANTIZATION_METHODS
from vllm.platforms import builtin_platform_plugins
from vllm.transformers_utils.config import _CONFIG_REGISTRY

# There is no list of what vLLM reads from a request's extra_args. Its layers mean something else.
folder = Path(vllm.__file__).parent
sources = [file for file in folder.rglob("*.py") if "layers" not in file.parts]
read = re.compile(r'(?:extra_args|vllm_xargs)(?:\\.get\\(|\\[)\\s*"(\\w+)"')
names = {
    "extra_arguments": [name for file in sources for name in read.findall(file.read_text())],
    "architectures": list(ModelRegistry.get_supported_archs()),
    "model_types": [*CONFIG_MAPPING, *_CONFIG_REGISTRY],
    "quantizations": QUANTIZATION_METHODS,
    "platforms": list(builtin_platform_plugins),
    "packages": [*packages_distributions(), *(each.name for each in distributions())],
}
print("\\n" + json.dumps(names))
"""


def main() -> None:
    """Ask every supported vLLM, and write the union of the answers."""
    taken: dict[str, set[str]] = {"python": python_modules(), **from_sources()}
    known: dict[str, set[str]] = {}
    for version in SUPPORTED_VLLM:
        python = environments.environment(version) / "python"
        answer = json.loads(run(python, "-c", ASK).stdout.splitlines()[-1])
        known[version] = set(answer["model_types"])
        for what, names in answer.items():
            taken.setdefault(what, set()).update(names)
    # As the template's package names are written; two spellings of a distribution are one.
    packages = {re.sub(r"[-_.]+", "_", name).lower() for name in taken["packages"]}
    taken["packages"] = {name for name in packages if name.isidentifier()}
    taken["model_types"] = {
        f"{name} {first_of_all_that_know(name, known)}" for name in taken["model_types"]
    }
    for what, names in taken.items():
        text = "".join(f"{name}\n" for name in sorted(names))
        (ROOT / "taken_names" / f"{what}.txt").write_text(text, encoding="utf-8")


def first_of_all_that_know(name: str, known: dict[str, set[str]]) -> str:
    """Return the version from which on each knows a model type; "-" if the newest does not.

    ``known`` has the versions in order, the oldest first.
    """
    first = "-"
    for version in reversed(known):
        if name not in known[version]:
            break
        first = version
    return first


def from_sources() -> dict[str, set[str]]:
    """Return what every release from the oldest supported one on registers, from its source."""
    names = ("kv_connectors", "lora_resolvers", "reasoning_parsers", "tool_parsers")
    found: dict[str, set[str]] = {what: set() for what in names}
    oldest = as_numbers(SUPPORTED_VLLM[0])
    for version, address in releases().items():
        if as_numbers(version) >= oldest:
            package = source_of(version, address) / "vllm"
            found["reasoning_parsers"] |= registered_in(package / "reasoning" / "__init__.py")
            found["tool_parsers"] |= registered_in(package / "tool_parsers" / "__init__.py")
            found["kv_connectors"] |= connectors_in(package)
            for file in (package / "plugins" / "lora_resolvers").glob("*.py"):
                found["lora_resolvers"] |= resolvers_in(file)
    return found


def connectors_in(package: Path) -> set[str]:
    """Return the names under which vLLM's factory of KV connectors registers them."""
    file = package / "distributed" / "kv_transfer" / "kv_connector" / "factory.py"
    calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if is_register(node)]
    return {ast.literal_eval(call.args[0]) for call in calls}


def is_register(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".register_connector")


def registered_in(file: Path) -> set[str]:
    """Return the keys of the dict of parsers that a module of vLLM's registers when imported."""
    [table] = [
        node.value
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and "_TO_REGISTER" in ast.unparse(node.targets[0])
    ]
    return set(ast.literal_eval(table))


def resolvers_in(file: Path) -> set[str]:
    """Return the names under which a module of vLLM's registers LoRA resolvers."""
    return set(re.findall(r'\.register_resolver\(\s*"(.+?)"', file.read_text("utf-8")))


def python_modules() -> set[str]:
    """Return the modules of every supported Python that a package could be called after."""
    text = (Path(mypy.__file__).parent / "typeshed" / "stdlib" / "VERSIONS").read_text()
    found = re.findall(r"^(\w+): 3\.\d+-(?:3\.(\d+))?", text, re.MULTILINE)
    oldest = int(SUPPORTED_PYTHONS[0].partition(".")[2])
    modules = {name for name, last in found if not last or int(last) >= oldest}
    # Python's own tests are a package that nobody needs types for.
    return {name for name in modules if re.fullmatch(r"[a-z][a-z0-9_]*", name)} | {"test"}


if __name__ == "__main__":
    use_this_environment()
    main()
