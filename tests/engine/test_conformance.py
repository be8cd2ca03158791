"""The fixture engine and real vLLM treat plugins alike: the same cases, in both.

The cases stand in cases/conformance.py. The fast lane runs them in the fixture engine; the
real lane in the vLLM that REAL_VLLM names, or the newest supported one.
"""

import runpy
import shutil
import sys
from pathlib import Path

import pytest
from shared import environments
from shared.cases import case_names, run_cases
from shared.environments import RELEASE, VERSION
from shared.rendering import FIXTURE_ENGINE, TEMPLATE, TEMPLATES

# Where an engine does not do what a case states, and why that is so.
DIFFERENCES = {
    "a_class_that_is_no_module_of_torch_is_refused": {
        "fixture": "it has no torch, so that any class passes for a model"
    },
    "no_architecture_at_all_has_a_message_of_its_own": {
        "fixture": "not about plugins: it gives the message for an unknown architecture"
    },
    "in_the_front_end_info_of_a_plugin_is_lost": {
        version: "its front end shows what it logs at INFO; vLLM 0.31 does so no more"
        for version in ("0.27.1", "0.28.0", "0.29.0", "0.30.0")
    },
    "where_vllm_target_device_is_cpu_no_platform_plugin_is_asked": {
        "0.27.1": "it asks them; vLLM 0.28 does so no more"
    },
    **dict.fromkeys(
        (
            "model_runner_v2_refuses_a_logits_processor_with_the_interface_of_v1_alone",
            "model_runner_v2_takes_a_logits_processor_with_both_interfaces",
            "what_a_logits_processor_for_model_runner_v2_leaves_out_does_nothing",
        ),
        {
            version: "its model runner V2 has no interface for logits processors; that of 0.31 has"
            for version in ("0.27.1", "0.28.0", "0.29.0", "0.30.0")
        },
    ),
}

# Each is (file of the fixture engine, what stands there, what to put there, cases that must fail).
PLUGINS, REGISTRY = "plugins/__init__.py", "model_executor/models/registry.py"
BREAKS = {
    "plugins run at every call": (
        PLUGINS,
        "if plugins_loaded:",
        "if False:",
        ["plugins_are_called_once_per_process"],
    ),
    "the flag is set after the plugins ran": (
        PLUGINS,
        "    plugins_loaded = True\n    for",
        "    for",
        ["after_a_failure_the_process_does_not_try_again"],
    ),
    "names are trimmed": (
        PLUGINS,
        'os.environ["VLLM_PLUGINS"].split(",")',
        '[name.strip() for name in os.environ["VLLM_PLUGINS"].split(",")]',
        ["vllm_plugins_keeps_a_space_after_the_comma_as_part_of_the_name"],
    ),
    "spaces behind a name are trimmed": (
        PLUGINS,
        'os.environ["VLLM_PLUGINS"].split(",")',
        '[name.rstrip() for name in os.environ["VLLM_PLUGINS"].split(",")]',
        ["vllm_plugins_takes_each_name_as_it_stands"],
    ),
    "an empty VLLM_PLUGINS lets all in": (
        PLUGINS,
        'if "VLLM_PLUGINS" in os.environ',
        'if os.environ.get("VLLM_PLUGINS")',
        ["vllm_plugins_set_and_empty_lets_in_none"],
    ),
    "what fails to be imported is raised": (
        PLUGINS,
        "plugin.load()\n        except Exception:",
        "plugin.load()\n        except ZeroDivisionError:",
        [
            "a_plugin_that_cannot_be_imported_is_logged_and_the_others_run",
            "a_plugin_value_that_is_not_there_is_logged_and_the_others_run",
        ],
    ),
    "an exit during import is survived": (
        PLUGINS,
        "plugin.load()\n        except Exception:",
        "plugin.load()\n        except BaseException:",
        ["an_import_that_exits_ends_the_process"],
    ),
    "of two plugins with one name the first runs": (
        PLUGINS,
        "plugins[plugin.name] = plugin.load()",
        "plugins.setdefault(plugin.name, plugin.load())",
        ["of_two_plugins_with_one_name_the_later_runs_and_nothing_is_said"],
    ),
    "general plugins are listed at INFO": (
        PLUGINS,
        "logger.debug if group == DEFAULT_PLUGINS_GROUP else logger.info",
        "logger.info",
        ["general_plugins_are_listed_at_debug"],
    ),
    "plugins are called while they are imported": (
        PLUGINS,
        "plugin.load()\n",
        "plugin.load(); plugins[plugin.name]()\n",
        [
            "all_plugins_are_imported_before_the_first_is_called",
            "loading_a_group_imports_without_calling",
        ],
    ),
    "supported architectures are a copy": (
        REGISTRY,
        "return self.models.keys()",
        "return list(self.models)",
        ["supported_architectures_are_a_live_view"],
    ),
    "an architecture that is taken stays": (
        REGISTRY,
        "            self.models[model_arch] = _LazyRegisteredModel(*model_cls.split(",
        "            self.models.setdefault(model_arch, None) or _LazyRegisteredModel(*model_cls.split(",
        ["the_last_registration_of_an_architecture_wins_and_is_logged_at_debug"],
    ),
    "a lazy model is imported to be inspected": (
        REGISTRY,
        "        root = Path(os.environ",
        "        importlib.import_module(self.module_name)\n        root = Path(os.environ",
        ["a_lazy_model_is_inspected_in_a_subprocess_that_loads_plugins"],
    ),
    "the inspecting subprocess loads no plugins": (
        REGISTRY,
        "    load_general_plugins()\n    *lazy",
        "    *lazy",
        [
            "a_lazy_model_is_inspected_in_a_subprocess_that_loads_plugins",
            "a_plugin_that_raises_makes_every_architecture_fail_to_be_inspected",
        ],
    ),
    "the cache ignores the model's source": (
        REGISTRY,
        'cached["hash"] == source_hash is not None',
        'cached["hash"]',
        ["an_edit_of_the_models_own_file_is_noticed"],
    ),
    "workers load no plugins": (
        "fixture.py",
        "    load_general_plugins()\n    if architecture is not None:\n        ModelRegistry.resolve",
        "    if architecture is not None:\n        ModelRegistry.resolve",
        ["an_engine_calls_a_plugin_once_in_front_end_engine_core_and_worker"],
    ),
}


@pytest.fixture(scope="module")
def in_fixture(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fixture")
    path = str(TEMPLATE / FIXTURE_ENGINE)
    return run_cases(Path(sys.executable), "conformance", folder, path=path)


@pytest.fixture(scope="module")
def in_vllm(tmp_path_factory):
    bin_folder = environments.environment(VERSION)
    return run_cases(bin_folder / "python", "conformance", tmp_path_factory.mktemp("vllm"))


def assert_conforms(engine: str, outcome: dict) -> None:
    """Assert that a case passed, or, if it is a known difference, that it did not."""
    reason = DIFFERENCES.get(outcome["case"], {}).get(engine)
    if reason is None:
        assert outcome["passed"], outcome["problem"]
    else:
        assert not outcome["passed"], f"no longer a difference: {reason}"


def test_there_are_enough_cases_and_every_difference_is_one_of_them():
    names = case_names("conformance")
    assert len(set(names)) == len(names) >= 40
    assert set(DIFFERENCES) <= set(names)


@pytest.mark.xdist_group("conformance")
@pytest.mark.parametrize("case", case_names("conformance"))
def test_the_fixture_engine_conforms(in_fixture, record_property, case):
    record_property("difference", DIFFERENCES.get(case, {}).get("fixture", ""))
    assert_conforms("fixture", in_fixture[case])


@pytest.mark.real
@pytest.mark.xdist_group("conformance")
@pytest.mark.parametrize("case", case_names("conformance"))
def test_vllm_conforms(in_vllm, record_property, case):
    assert in_vllm[case]["engine"].startswith(RELEASE)
    record_property("difference", DIFFERENCES.get(case, {}).get(RELEASE, ""))
    assert_conforms(RELEASE, in_vllm[case])


# And what each kind brings, and each room that kinds share.
for file in sorted(TEMPLATES.glob("*/*/proof/engine_breaks.py")):
    BREAKS |= runpy.run_path(str(file))["BREAKS"]


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_fits_the_fixture_engine(name):
    file, old, new, expected = BREAKS[name]
    text = (TEMPLATE / FIXTURE_ENGINE / "vllm" / file).read_text(encoding="utf-8")
    assert (text.count(old), old != new) == (1, True)
    assert set(expected) <= set(case_names("conformance"))


@pytest.mark.breaks
@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_fixture_engine_is_found_out(tmp_path, name):
    file, old, new, expected = BREAKS[name]
    engine = shutil.copytree(TEMPLATE / FIXTURE_ENGINE, tmp_path / "engine")
    path = engine / "vllm" / file
    path.write_text(path.read_text().replace(old, new))
    outcomes = run_cases(
        Path(sys.executable), "conformance", tmp_path / "cases", *expected, path=str(engine)
    )
    assert [case for case in expected if outcomes[case]["passed"]] == []
