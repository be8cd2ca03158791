"""The fixture engine gives way to a real vLLM and a real transformers, and is short itself."""

import ast
import sys
from importlib.util import find_spec
from textwrap import dedent

import pytest
from plugin_site import FIXTURE


@pytest.mark.parametrize("order", ["before", "after"])
def test_nothing_of_a_real_vllm_is_hidden(site, order):
    real = site.real_vllm()
    path = [real, FIXTURE] if order == "before" else [FIXTURE, real]
    for statement in ("import vllm.config", "from vllm import LLM"):
        out = site.run("-c", f"import vllm; {statement}", path=path)
        assert "fixture" not in out.stderr.splitlines()[-1]
        assert "Error: " in out.stderr


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_real_vllm_on_the_path_is_the_one_that_is_imported(site, order):
    real = site.real_vllm()
    path = [real, FIXTURE] if order == "before" else [FIXTURE, real]
    look = "import vllm.plugins; print(vllm.__version__, vllm.plugins.who, *sys.path, sep='\\n')"
    out = site.run("-c", f"import sys; {look}", path=path)
    version, who, *rest = out.stdout.splitlines()
    assert (version, who) == ("real", "real")
    assert (str(FIXTURE) in rest) == (order == "before")
    out = site.run("-m", "vllm.fixture", path=path)
    assert out.returncode == 1
    assert out.stderr.endswith("No module named vllm.fixture\n")


def test_a_real_vllm_that_a_finder_provides_is_the_one_that_is_imported(site):
    finder = f"""
        import sys, importlib.util
        class Finder:
            def find_spec(name, path=None, target=None):
                if name == "vllm":
                    file = {str(site.real_vllm() / "vllm/__init__.py")!r}
                    return importlib.util.spec_from_file_location(name, file)
        sys.meta_path.append(Finder)
        import vllm.plugins
        print(vllm.__version__, vllm.plugins.who)
    """
    assert site.run("-c", dedent(finder)).stdout == "real real\n"


def test_a_real_vllm_that_cannot_be_imported_is_not_replaced(site):
    real = site.real_vllm()
    (real / "vllm/__init__.py").write_text("import torch_is_missing")
    out = site.run("-c", "import vllm", path=[FIXTURE, real])
    assert out.stderr.endswith("ModuleNotFoundError: No module named 'torch_is_missing'\n")


def test_a_folder_called_vllm_without_python_files_is_ignored(site):
    (site.folder / "elsewhere/vllm").mkdir(parents=True)
    path = [site.folder / "elsewhere", FIXTURE]
    assert site.run("-c", "import vllm; print(vllm.__version__)", path=path).stdout == "0.32.0\n"


def test_installed_transformers_are_left_alone(site):
    site.module("transformers", "who = 'real'")
    assert site.succeeds("import transformers; print(transformers.who)").stdout == "real\n"


@pytest.mark.skipif(find_spec("transformers") is not None, reason="transformers is installed")
def test_where_transformers_is_missing_its_config_classes_are_there(site):
    out = site.succeeds(
        """
        import transformers
        from transformers import CONFIG_MAPPING, AutoConfig, LlamaConfig, LlavaConfig
        assert LlavaConfig is transformers.LlavaConfig is not LlamaConfig
        try:
            transformers.LlavaProcessor
        except ImportError as error:
            print(error)

        class FxConfig(LlamaConfig):
            model_type = "fx"
            layers: int = 2

        def attempt(function, *arguments, **keywords):
            try:
                print(type(function(*arguments, **keywords)).__name__)
            except ValueError as error:
                print(error)

        attempt(AutoConfig.for_model, "fx")
        attempt(AutoConfig.register, "other", FxConfig)
        attempt(AutoConfig.register, "fx", FxConfig)
        attempt(AutoConfig.register, "fx", FxConfig)
        attempt(AutoConfig.register, "llama", LlamaConfig)
        attempt(AutoConfig.register, "llama", LlamaConfig, exist_ok=True)
        config = AutoConfig.for_model("fx", hidden_size=8)
        print(CONFIG_MAPPING["fx"] is type(config) is FxConfig, config.layers, config.hidden_size)
        """
    )
    assert out.stdout.splitlines() == [
        "the fixture engine has no transformers.LlavaProcessor: this needs a real vLLM",
        "Transformers does not recognize this architecture: fx",
        "config has fx and you passed other",
        "NoneType",
        "NoneType",
        "'llama' is already used by a Transformers config",
        "NoneType",
        "True 2 8",
    ]


def test_the_fixture_is_short_free_of_markup_and_needs_the_standard_library_alone():
    files = sorted(FIXTURE.rglob("*.py"))
    # To be read at once.
    assert max(len(file.read_text().splitlines()) for file in files) < 150
    imported = set()
    for file in [*files, FIXTURE / "README.md"]:
        text = file.read_text()
        assert not [mark for mark in ("{" + "{", "{" + "%", "{" + "#") if mark in text], file
        for node in ast.walk(ast.parse(text if file.suffix == ".py" else "")):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Import):
                imported.update(alias.name.partition(".")[0] for alias in node.names)
    assert "json" in imported
    assert imported - {"vllm"} <= sys.stdlib_module_names
