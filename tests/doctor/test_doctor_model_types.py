"""The doctor says who has the config class for the plugin's model_type."""

import json
from pathlib import Path

import pytest
from breaking import ARCHITECTURE, CONFIG, ENGINE, HEALTHY_CHECKPOINT, MODEL_TYPE, NAME, copy, edit

pytestmark = pytest.mark.xdist_group("doctor")


def test_transformers_has_the_model_type(doctor, site):
    edit(site / NAME / "about.py", MODEL_TYPE, "llama")
    doctor(
        site,
        ENGINE,
        expected=[
            ("problem", "The model_type llama belongs to vllm._transformers:LlamaConfig.", "choose")
        ],
        ok=5,
    )


OWN_CONFIG = "vllm.transformers_utils.config:OwnConfig"


def as_if_real(engine: Path) -> Path:
    """Return a copy of the fixture engine that passes for a real vLLM."""
    copy(ENGINE, engine)
    (engine / "vllm" / "fixture.py").unlink()
    edit(engine / "vllm" / "__init__.py", "    sys.meta_path.append(Finder)\n", "")
    return engine


# The fixture engine has no layers, which the model needs.
NO_MODEL = (
    "problem",
    f"The class of the architecture {ARCHITECTURE} cannot be imported",
    "install a vLLM",
)


@pytest.fixture
def engine(tmp_path) -> Path:
    """An engine with a config class of vLLM's own for the plugin's model type."""
    engine = as_if_real(tmp_path / "engine")
    folder = engine / "vllm" / "transformers_utils"
    folder.mkdir()
    (folder / "__init__.py").touch()
    own = f"class OwnConfig:\n    pass\n\n_CONFIG_REGISTRY = {{{MODEL_TYPE!r}: OwnConfig}}\n"
    (folder / "config.py").write_text(f"{own}OwnConfig.__init__ = lambda self, **settings: None\n")
    return engine


def register_no_config(site: Path) -> None:
    edit(site / NAME / "about.py", '"config:Config"', "None")
    (site / NAME / "config.py").unlink()


def test_a_config_class_of_vllm_wins_over_the_plugins(doctor, built, engine):
    expected = [("problem", f"The model_type {MODEL_TYPE} belongs to {OWN_CONFIG}.", "choose")]
    doctor(built.site, engine, expected=expected, ok=5)


def test_vllm_has_the_model_type_and_the_plugin_registers_none(doctor, site, engine, tmp_path):
    register_no_config(site)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "model.safetensors").touch()
    arguments, ok = [tmp_path], HEALTHY_CHECKPOINT
    report = doctor(site, engine, expected=[NO_MODEL], arguments=arguments, ok=ok)
    found = [finding["found"] for finding in report]
    assert (
        f"The model_type {MODEL_TYPE} belongs to {OWN_CONFIG}; this plugin registers none." in found
    )
    assert found[-1].endswith(f"has the model_type {MODEL_TYPE}, of {OWN_CONFIG}.")


def test_transformers_has_the_model_type_and_the_plugin_registers_none(doctor, site):
    register_no_config(site)
    edit(site / NAME / "about.py", MODEL_TYPE, "llama")
    found = [finding["found"] for finding in doctor(site, ENGINE)]
    owner = "vllm._transformers:LlamaConfig"
    assert f"The model_type llama belongs to {owner}; this plugin registers none." in found


def test_the_fixture_engine_has_no_model_types_of_transformers(doctor, site):
    register_no_config(site)
    found = [finding["found"] for finding in doctor(site, ENGINE)]
    text = (
        f"The model_type {MODEL_TYPE} is transformers' or vLLM's own, of which the fixture engine"
    )
    assert f"{text} has none." in found


def test_nothing_has_the_model_type_and_the_plugin_registers_none(doctor, site, tmp_path):
    register_no_config(site)
    # The fixture engine would be excused: it has no model types of transformers.
    engine = as_if_real(tmp_path / "engine")
    unknown = f"The model_type {MODEL_TYPE} belongs to nobody; this plugin registers none."
    expected = [
        ("problem", unknown, "install a transformers that has it, or name a class for it"),
        NO_MODEL,
    ]
    doctor(site, engine, expected=expected, ok=7)
