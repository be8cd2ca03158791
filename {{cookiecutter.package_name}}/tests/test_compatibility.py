"""The plugin and the installed vLLM fit: its version, every name used, the model's interface."""

import ast
import importlib
import sys
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

import pytest
import vllm

import {{ cookiecutter.package_name }} as plugin
from {{ cookiecutter.package_name }} import _safety, about

PACKAGE = Path(plugin.__file__).parent


def imports_from_vllm() -> list:
    """Return every "from vllm... import name" of the package, as (place, module, name)."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "vllm":
                place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                found += [pytest.param(place, node.module, a.name, id=a.name) for a in node.names]
    return found


def test_the_package_requires_nothing():
    """Then pip cannot replace the vLLM that the plugin is installed into."""
    assert [r for r in requires(plugin.__name__) or [] if "extra ==" not in r] == []


def test_the_readme_names_what_about_py_names():
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    for name in (about.PLUGIN_NAME, about.ARCHITECTURE, about.MODEL_TYPE):
        assert f"`{name}`" in readme, f"README.md does not mention {name}, which about.py states"


@pytest.mark.real_vllm
def test_this_vllm_is_in_the_tested_range():
    assert _safety.is_tested(vllm.__version__), (
        f"vLLM {vllm.__version__} is outside the range in about.py: "
        "if all other tests are green, widen it"
    )


@pytest.mark.real_vllm
@pytest.mark.parametrize(("place", "module", "name"), imports_from_vllm())
def test_vllm_has_what_the_package_imports(place, module, name):
    try:
        importlib.import_module(module)
    except ModuleNotFoundError:
        pytest.fail(f"vLLM {vllm.__version__} has no {module}, from which {place} imports {name}")
    found = hasattr(sys.modules[module], name) or find_spec(f"{module}.{name}")
    assert found, f"vLLM {vllm.__version__} has no {name} in {module}, which {place} imports"


@pytest.mark.real_vllm
def test_the_model_class_meets_vllms_interface():
    from vllm.model_executor.models.interfaces_base import is_vllm_model

    model = importlib.import_module(f"{plugin.__name__}.model")
    model_class = getattr(model, about.ARCHITECTURE)
    assert is_vllm_model(model_class)
