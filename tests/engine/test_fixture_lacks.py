"""The fixture engine names what it lacks of vLLM."""

import pytest


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import vllm.config", "vllm.config"),
        ("import vllm.v1.engine.core", "vllm.v1.engine.core"),
        ("from vllm.tokenizers import TokenizerRegistry", "vllm.tokenizers"),
        ("from vllm import LLM", "vllm.LLM"),
        ("from vllm import envs", "vllm.envs"),
        ("vllm.envs", "vllm.envs"),
        ("from vllm.confg import VllmConfig", "vllm.confg"),
        ("from vllm.model_executor import parameter", "vllm.model_executor.parameter"),
        ("from vllm.plugins import observation", "vllm.plugins.observation"),
        ("from vllm.logger import init_loger", "vllm.logger.init_loger"),
        ("__import__('vllm.tokenizers')", "vllm.tokenizers"),
        (
            "from vllm.platforms import current_platform as it; it.empty_cache",
            "vllm.platforms.interface.Platform.empty_cache",
        ),
        ("ModelRegistry.is_pooling_model", "vllm.ModelRegistry.is_pooling_model"),
    ],
)
def test_what_is_lacking_names_itself(site, statement, name):
    notes = site.folder / "notes"
    out = site.fails(statement, FIXTURE_ENGINE_NOTES=str(notes))
    last = out.stderr.splitlines()[-1]
    assert last.endswith(f"the fixture engine has no {name}: this needs a real vLLM")
    assert notes.read_text() == f"{name}\n"


def test_what_is_there_is_not_lacking(site):
    out = site.succeeds(
        """
        import importlib, pickle, vllm.fixture
        from vllm import ModelRegistry, fixture, plugins
        from vllm.model_executor import models
        from vllm.model_executor.models.registry import ModelRegistry
        print([hasattr(module, "__wrapped__") for module in (vllm, plugins, vllm.logger)])
        print([importlib.util.find_spec(name) for name in ("nothing", "json.nothing")])
        print(getattr(ModelRegistry, "__wrapped__", None))
        """,
        FIXTURE_ENGINE_NOTES=str(site.folder / "notes"),
    )
    assert out.stdout.splitlines() == ["[False, False, False]", "[None, None]", "None"]
    assert not (site.folder / "notes").exists()


def test_what_is_lacking_raises_an_import_error_that_a_fallback_can_catch(site):
    out = site.succeeds(
        """
        try:
            from vllm.attention import Attention
        except ModuleNotFoundError:
            from vllm.plugins import load_general_plugins as another
        print(another.__name__)
        """
    )
    assert out.stdout == "load_general_plugins\n"


def test_what_a_plugins_own_package_lacks_is_no_lack_of_the_engine(site):
    (site.folder / "vllm_mine").mkdir()
    (site.folder / "vllm_mine" / "__init__.py").touch()
    out = site.fails(
        f"import sys; sys.path.append({str(site.folder)!r}); import vllm_mine.nothing",
        FIXTURE_ENGINE_NOTES=str(site.folder / "notes"),
    )
    assert out.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: No module named 'vllm_mine.nothing'"
    )
    assert not (site.folder / "notes").exists()


def test_that_the_engine_runs_no_models_is_not_noted(site):
    site.model("FxModel", top="import vllm.config")
    notes = site.folder / "notes"
    out = site.fails("inspect('FxModel')", FIXTURE_ENGINE_NOTES=str(notes))
    assert "the fixture engine has no vllm.config" in out.stderr
    assert not notes.exists()
