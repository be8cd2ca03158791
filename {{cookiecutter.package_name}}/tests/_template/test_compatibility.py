"""The plugin and the installed vLLM fit: its version, and every name used."""

import importlib
from importlib.metadata import requires
from pathlib import Path

import pytest
import vllm

import {{ cookiecutter.package_name }} as plugin
from {{ cookiecutter.package_name }} import _vllm, about

PACKAGE = Path(plugin.__file__).parent
AUDIT = Path(__file__).parent / "audit"


class InstalledVllm:
    """The vLLM in this environment, as the reader of the audit asks for it."""

    version = vllm.__version__

    def has(self, symbol_path: str) -> bool | None:
        """Tell whether a name can be imported; None if only running vLLM would tell."""
        if "()" in symbol_path:
            return None
        found = vllm
        names = symbol_path.split(".")
        for length, name in enumerate(names[1:], start=2):
            try:
                found = getattr(found, name, None) or importlib.import_module(
                    ".".join(names[:length])
                )
            except ImportError:
                return hasattr(found, name)
        return True


def test_the_package_requires_nothing():
    """Then pip cannot replace the vLLM that the plugin is installed into."""
    assert [r for r in requires(plugin.__name__) or [] if "extra ==" not in r] == []


def test_the_readme_names_what_about_py_names():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for name in (about.PLUGIN_NAME, *(entry.name for entry in _vllm.entries())):
        assert f"`{name}`" in readme, f"README.md does not mention {name}, which about.py states"


@pytest.mark.real_vllm
def test_this_vllm_is_in_the_tested_range():
    assert _vllm.is_tested(vllm.__version__), (
        f"vLLM {vllm.__version__} is outside the range in about.py: "
        "if all other tests pass, widen it"
    )


@pytest.mark.real_vllm
def test_vllm_has_what_the_package_imports(monkeypatch):
    """Of alternatives, such as a try and its except ImportError, one must be there."""
    monkeypatch.syspath_prepend(AUDIT)
    from package import uses_of

    installed = InstalledVllm()
    imports = [use for use in uses_of(PACKAGE, installed) if use.kind == "import"]
    needed = [use for use in imports if not use.optional]
    assert needed, "no import from vLLM was found in the package"
    missing = [use for use in needed if installed.has(use.symbol_path) is False]
    lines = [f"{use.symbol_path}, which {use.file}:{use.line} imports" for use in missing]
    assert lines == [], f"vLLM {vllm.__version__} has no " + "; ".join(lines)
