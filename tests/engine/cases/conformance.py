"""How vLLM treats plugins: each case states one behaviour, and holds wherever it passes.

The same code runs in the fixture engine and in every supported vLLM; tests/engine/test_conformance.py
knows the differences. A case is a function whose name says the behaviour; its folder is ``site``.
"""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import get_context
from types import SimpleNamespace

import vllm.platforms
import vllm.plugins
from case_site import error_of, inspect, join, resolve
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins, load_plugins_by_group

CASES: dict[str, Callable] = {}
GENERAL, PLATFORM = "vllm.general_plugins", "vllm.platform_plugins"
LLAMA = "LlamaForCausalLM"
FAILED = "failed to be inspected. Please check the logs for more details."


def behaviour(case):
    CASES[case.__name__] = case
    return case


# Loading


@behaviour
def every_plugin_is_called_in_the_order_of_discovery(site):
    for name in "bac":
        site.plugin(name, f"record({name!r})")
    assert site.load() == ["b", "a", "c"]


@behaviour
def plugins_are_called_once_per_process(site):
    site.plugin("a", "record('a')")
    site.load()
    assert site.load() == ["a"]


@behaviour
def a_plugin_that_loads_plugins_starts_no_second_round(site):
    site.plugin("a", "from vllm.plugins import load_general_plugins as load; load(); record('a')")
    site.plugin("b", "record('b')")
    assert site.load() == ["a", "b"]


@behaviour
def all_plugins_are_imported_before_the_first_is_called(site):
    for name in "ab":
        site.plugin(name, f"record('call {name}')", top=f"record('import {name}')")
    assert site.load() == ["import a", "import b", "call a", "call b"]


@behaviour
def loading_a_group_imports_without_calling(site):
    site.plugin("a", "record('call')", top="record('import')")
    assert load_plugins_by_group(GENERAL)["a"].__module__ == "plugin_a"
    assert site.records == ["import"]


@behaviour
def loading_a_group_again_gives_the_same_function(site):
    site.plugin("a", top="record('import')")
    first, second = (load_plugins_by_group(GENERAL)["a"] for _ in range(2))
    assert first is second
    assert site.records == ["import"]


@behaviour
def a_group_that_nobody_uses_is_empty(site):
    site.plugin("a")
    assert load_plugins_by_group("vllm.no_such_plugins") == {}


@behaviour
def plugins_of_other_groups_are_not_general_ones(site):
    site.plugin("p", "record('p')", top="record('import')", group="vllm.io_processor_plugins")
    assert site.load() == []


@behaviour
def a_plugin_value_may_name_an_attribute_of_an_attribute(site):
    top = "class Holder:\n    @staticmethod\n    def start(): record('start')"
    site.plugin("a", top=top, value="plugin_a:Holder.start")
    assert site.load() == ["start"]


@behaviour
def of_two_plugins_with_one_name_the_later_runs_and_nothing_is_said(site):
    for package in ("first", "second"):
        site.plugin("same", f"record({package!r})", package=package)
    assert site.load() == ["second"]
    assert [r for r in site.log if r.levelno > logging.DEBUG and "same" in r.getMessage()] == []


@behaviour
def of_two_distributions_with_one_name_the_first_on_the_path_counts(site):
    site.plugin("old", "record('old')", package="one", distribution="my-plugin")
    site.plugin("new", "record('new')", package="two", distribution="My_Plugin")
    assert site.load() == ["old"]


# Failures


@behaviour
def a_plugin_that_cannot_be_imported_is_logged_and_the_others_run(site):
    site.plugin("a", "record('a')", top="import nowhere")
    site.plugin("b", "record('b')")
    assert site.load() == ["b"]
    assert site.logged("ERROR", "Failed to load plugin a") == ["Failed to load plugin a"]
    [record] = [record for record in site.log if record.levelname == "ERROR"]
    assert str(record.exc_info[1]) == "No module named 'nowhere'"


@behaviour
def a_plugin_value_that_is_not_there_is_logged_and_the_others_run(site):
    site.plugin("a", value="plugin_a:no_such_function")
    site.plugin("b", "record('b')")
    assert site.load() == ["b"]
    assert site.logged("ERROR", "Failed to load plugin a")


@behaviour
def an_import_that_exits_ends_the_process(site):
    site.plugin("a", top="raise SystemExit('a gives up')")
    assert isinstance(error_of(load_general_plugins), SystemExit)


@behaviour
def what_register_raises_passes_through_and_later_plugins_do_not_run(site):
    site.plugin("a", "record('a')")
    site.plugin("b", "raise OSError('b is broken')")
    site.plugin("c", "record('c')")
    assert repr(error_of(load_general_plugins)) == "OSError('b is broken')"
    assert site.records == ["a"]


@behaviour
def after_a_failure_the_process_does_not_try_again(site):
    site.plugin("a", "record('a'); raise OSError('a is broken')")
    error_of(load_general_plugins)
    assert site.load() == ["a"]
    assert vllm.plugins.plugins_loaded is True


@behaviour
def a_plugin_object_that_cannot_be_called_stops_the_loading(site):
    site.plugin("a", top="thing = 1", value="plugin_a:thing")
    assert "'int' object is not callable" in str(error_of(load_general_plugins))


# VLLM_PLUGINS


def loaded_with(site, value):
    site.plugin("a", "record('a')")
    site.plugin("b", "record('b')", distribution="dist-of-b")
    os.environ["VLLM_PLUGINS"] = value
    return site.load()


@behaviour
def vllm_plugins_with_one_name_lets_in_that_one(site):
    assert loaded_with(site, "b") == ["b"]


@behaviour
def vllm_plugins_with_two_names_lets_in_both_in_the_order_of_discovery(site):
    assert loaded_with(site, "b,a") == ["a", "b"]


@behaviour
def vllm_plugins_keeps_a_space_after_the_comma_as_part_of_the_name(site):
    assert loaded_with(site, "a, b") == ["a"]


@behaviour
def vllm_plugins_takes_each_name_as_it_stands(site):
    site.plugin("a")
    for value in ("a ", " a", "a ,b", "b,a\t", "a\n", "'a'", '"a"', "a;b", "a b", " ", ","):
        os.environ["VLLM_PLUGINS"] = value
        assert load_plugins_by_group(GENERAL) == {}, value
    for value in ("a,", ",a", "a,a", "all,a"):
        os.environ["VLLM_PLUGINS"] = value
        assert list(load_plugins_by_group(GENERAL)) == ["a"], value


@behaviour
def vllm_plugins_set_and_empty_lets_in_none(site):
    assert loaded_with(site, "") == []


@behaviour
def vllm_plugins_all_lets_in_none(site):
    assert loaded_with(site, "all") == []


@behaviour
def vllm_plugins_distinguishes_capitals(site):
    assert loaded_with(site, "A") == []


@behaviour
def vllm_plugins_does_not_know_names_of_distributions_or_packages(site):
    assert loaded_with(site, "dist-of-b,plugin_b") == []


@behaviour
def a_plugin_that_is_kept_out_is_not_even_imported(site):
    site.plugin("a", top="record('import')")
    os.environ["VLLM_PLUGINS"] = "b"
    assert site.load() == []


@behaviour
def a_plugin_that_is_kept_out_is_not_mentioned_above_debug(site):
    loaded_with(site, "other")
    said = [record for record in site.log if record.levelno > logging.DEBUG]
    assert [record.getMessage() for record in said] == []


@behaviour
def vllm_plugins_filters_the_other_groups_too(site):
    site.plugin("p", group=PLATFORM)
    os.environ["VLLM_PLUGINS"] = "other"
    assert "p" not in load_plugins_by_group(PLATFORM)


@behaviour
def vllm_plugins_is_read_when_plugins_are_loaded(site):
    os.environ["VLLM_PLUGINS"] = "b"
    assert loaded_with(site, "a") == ["a"]


# Log levels


@behaviour
def general_plugins_are_listed_at_debug(site):
    site.plugin("a")
    site.load()
    assert site.logged("DEBUG", f"Available plugins for group {GENERAL}:")
    assert site.logged("DEBUG", "- a -> plugin_a:register")
    assert not site.logged("INFO", "plugin_a")


@behaviour
def plugins_of_other_groups_are_listed_at_info(site):
    site.plugin("p", group=PLATFORM)
    load_plugins_by_group(PLATFORM)
    assert site.logged("INFO", f"Available plugins for group {PLATFORM}:")
    assert site.logged("INFO", "- p -> plugin_p:register")


@behaviour
def without_vllm_plugins_the_log_names_that_setting(site):
    site.plugin("a")
    site.load()
    text = "All plugins in this group will be loaded. Set `VLLM_PLUGINS` to control which plugins"
    assert site.logged("DEBUG", text)


@behaviour
def a_plugin_that_is_let_in_by_name_is_logged(site):
    loaded_with(site, "b")
    assert site.logged("DEBUG", "Loading plugin") == ["Loading plugin b"]


@behaviour
def a_group_without_plugins_is_logged(site):
    load_plugins_by_group("vllm.no_such_plugins")
    assert site.logged("DEBUG", "No plugins for group vllm.no_such_plugins found.")


@behaviour
def the_root_logger_has_no_handler(site):
    site.load()
    assert logging.getLogger().handlers == []


# The registry


@behaviour
def supported_architectures_are_a_live_view(site):
    names = ModelRegistry.get_supported_archs()
    assert LLAMA in names
    assert "TheModel" not in names
    ModelRegistry.register_model("TheModel", "the_model:TheModel")
    assert "TheModel" in names


@behaviour
def a_lazy_string_imports_nothing(site):
    site.model()
    site.load()
    entry = ModelRegistry.models["TheModel"]
    assert (entry.module_name, entry.class_name) == ("the_model", "TheModel")
    assert "the_model" not in sys.modules


@behaviour
def a_lazy_string_for_a_missing_module_is_accepted(site):
    ModelRegistry.register_model("TheModel", "nowhere:TheModel")
    assert "TheModel" in ModelRegistry.get_supported_archs()


@behaviour
def a_lazy_string_needs_exactly_one_colon(site):
    for lazy in ("the_model.TheModel", "the:model:TheModel"):
        error = error_of(ModelRegistry.register_model, "TheModel", lazy)
        assert repr(error) == (
            "ValueError('Expected a string in the format `<module>:<class>`')"
        ), error
    assert "TheModel" not in ModelRegistry.get_supported_archs()


@behaviour
def an_architecture_is_a_string(site):
    error = error_of(ModelRegistry.register_model, 1, "the_model:TheModel")
    assert isinstance(error, TypeError)
    assert str(error) == "`model_arch` should be a string, not a <class 'int'>"


@behaviour
def a_model_is_a_string_or_a_class(site):
    error = error_of(ModelRegistry.register_model, "TheModel", 1)
    assert isinstance(error, TypeError)
    wanted = "`model_cls` should be a string or PyTorch model class, not a <class 'int'>"
    assert str(error) == wanted


@behaviour
def a_class_that_is_no_module_of_torch_is_refused(site):
    assert isinstance(error_of(ModelRegistry.register_model, "TheModel", dict), TypeError)


@behaviour
def a_class_is_registered_and_inspected_in_this_process(site):
    site.model()
    import the_model

    ModelRegistry.register_model("TheModel", the_model.TheModel)
    assert ModelRegistry.models["TheModel"].model_cls is the_model.TheModel
    flags, architecture = inspect("TheModel")
    assert (flags.architecture, flags.supports_pp, architecture) == ("TheModel", True, "TheModel")
    assert site.records == [["imported", os.getpid()]]


@behaviour
def the_last_registration_of_an_architecture_wins_and_is_logged_at_debug(site):
    for module in ("one", "two"):
        ModelRegistry.register_model("TheModel", f"{module}:TheModel")
    assert ModelRegistry.models["TheModel"].module_name == "two"
    text = "Model architecture TheModel is already registered, and will be overwritten by the new"
    assert site.logged("DEBUG", text) == [f"{text} model class two:TheModel."]


@behaviour
def an_unguarded_plugin_replaces_an_in_tree_model(site):
    site.plugin("a", f"ModelRegistry.register_model({LLAMA!r}, 'the_model:TheModel')")
    site.load()
    assert ModelRegistry.models[LLAMA].module_name == "the_model"
    assert [record for record in site.log if record.levelno > logging.DEBUG] == []


@behaviour
def a_guarded_plugin_leaves_an_in_tree_model(site):
    guard = f"if {LLAMA!r} not in ModelRegistry.get_supported_archs():"
    site.plugin("a", f"{guard} ModelRegistry.register_model({LLAMA!r}, 'the_model:TheModel')")
    site.load()
    assert ModelRegistry.models[LLAMA].module_name == "vllm.model_executor.models.llama"


@behaviour
def a_lazy_model_is_imported_when_its_class_is_wanted(site):
    site.model()
    site.load()
    model_class, architecture = resolve("TheModel")
    assert (model_class.__module__, architecture) == ("the_model", "TheModel")
    assert ["imported", os.getpid()] in site.records


@behaviour
def the_first_architecture_that_works_is_taken(site):
    site.model()
    site.load()
    ModelRegistry.register_model("Broken", "nowhere:Broken")
    assert resolve(["Unknown", "Broken", "TheModel"])[1] == "TheModel"


@behaviour
def an_unknown_architecture_is_answered_with_the_known_ones(site):
    error = error_of(resolve, ["TheModel"])
    start = "Model architectures ['TheModel'] are not supported for now. Supported architectures:"
    assert isinstance(error, ValueError)
    assert str(error).startswith(start)
    assert LLAMA in str(error)


@behaviour
def a_model_whose_module_is_missing_fails_when_it_is_loaded(site):
    ModelRegistry.register_model("TheModel", "nowhere:TheModel")
    assert str(error_of(resolve, "TheModel")) == f"Model architectures ['TheModel'] {FAILED}"
    assert site.logged("ERROR", "Error in loading model architecture 'TheModel'")


@behaviour
def a_model_whose_class_is_missing_fails_when_it_is_loaded(site):
    site.model(name="Another")
    ModelRegistry.register_model("TheModel", "the_model:TheModel")
    assert str(error_of(resolve, "TheModel")) == f"Model architectures ['TheModel'] {FAILED}"
    [record] = [record for record in site.log if record.levelname == "ERROR"]
    assert "has no attribute 'TheModel'" in str(record.exc_info[1])


@behaviour
def a_process_does_not_try_a_model_twice(site):
    ModelRegistry.register_model("TheModel", "the_model:TheModel")
    error_of(resolve, "TheModel")
    site.model()
    assert str(error_of(resolve, "TheModel")).endswith(FAILED)


@behaviour
def no_architecture_at_all_has_a_message_of_its_own(site):
    assert str(error_of(resolve, [])) == "No model architectures are specified"


# Inspection


def supports_pp():
    return inspect("TheModel")[0].supports_pp


def supports_pp_in_child():
    """Inspect in a child: this process would remember the answer."""
    with get_context("fork").Pool(1) as pool:
        return pool.apply_async(supports_pp).get(200)


@behaviour
def a_lazy_model_is_inspected_in_a_subprocess_that_loads_plugins(site):
    # What a plugin prints must not get into the subprocess's answer.
    site.model(plugin="print('a plugin prints')")
    site.load()
    flags, architecture = inspect("TheModel")
    assert (flags.architecture, flags.supports_pp, architecture) == ("TheModel", True, "TheModel")
    here, there, imported_in = (pid for _, pid in site.records)
    assert here == os.getpid() != there == imported_in


@behaviour
def an_inspection_is_cached_on_disk_under_the_hash_of_the_models_own_file(site):
    helper = site.module("the_base", "class Base:\n    supports_pp = False\n")
    site.model(base="the_base.Base, Module", body="pass", top="import the_base")
    site.load()
    assert supports_pp_in_child() is False
    [file] = (site.folder / "cache/modelinfos").iterdir()
    cached = json.loads(file.read_text())
    assert (file.name, sorted(cached)) == ("the_model-TheModel.json", ["hash", "modelinfo"])
    # An edit of another file goes unnoticed, also in a new process.
    helper.write_text("class Base:\n    supports_pp = True\n")
    before = len(site.records)
    assert supports_pp_in_child() is False
    assert len(site.records) == before


@behaviour
def an_edit_of_the_models_own_file_is_noticed(site):
    site.model(body="pass")
    site.load()
    assert supports_pp_in_child() is False
    site.model()
    assert supports_pp_in_child() is True


@behaviour
def a_broken_cache_is_passed_over(site):
    site.model()
    site.load()
    cache = site.folder / "cache/modelinfos/the_model-TheModel.json"
    cache.parent.mkdir(parents=True)
    cache.write_text("{")
    assert inspect("TheModel")[1] == "TheModel"
    assert json.loads(cache.read_text())["hash"]


@behaviour
def a_model_that_cannot_be_imported_fails_with_the_subprocesss_traceback_in_the_log(site):
    site.model(top="import nowhere")
    site.load()
    assert str(error_of(inspect, "TheModel")) == f"Model architectures ['TheModel'] {FAILED}"
    assert site.logged("ERROR", "Error in inspecting model architecture 'TheModel'")
    [record] = [record for record in site.log if record.levelname == "ERROR"]
    assert str(record.exc_info[1]).startswith("Error raised in subprocess:\n")
    assert "ModuleNotFoundError: No module named 'nowhere'" in str(record.exc_info[1])


@behaviour
def a_plugin_that_raises_makes_every_architecture_fail_to_be_inspected(site):
    site.model()
    site.plugin("bad", "if INSPECTING: raise OSError('bad is broken')")
    site.load()
    assert str(error_of(inspect, "TheModel")).endswith(FAILED)
    [record] = [record for record in site.log if record.levelname == "ERROR"]
    assert "OSError: bad is broken" in str(record.exc_info[1])


@behaviour
def the_inspecting_subprocess_does_not_inherit_a_changed_path(site):
    site.model()
    site.load()
    hidden = site.folder / "hidden"
    (site.folder / "site/the_model.py").rename(hidden.with_suffix(".py"))
    hidden.mkdir()
    hidden.with_suffix(".py").rename(hidden / "the_model.py")
    sys.path.append(str(hidden))
    assert str(error_of(inspect, "TheModel")).endswith(FAILED)
    assert resolve("TheModel")[1] == "TheModel"


# Processes


def architectures_in_child():
    return "TheModel" in ModelRegistry.get_supported_archs(), vllm.plugins.plugins_loaded


@behaviour
def a_forked_child_inherits_what_is_registered(site):
    site.plugin("a", "ModelRegistry.register_model('TheModel', 'the_model:TheModel'); record('a')")
    site.load()
    with get_context("fork").Pool(1) as pool:
        assert pool.apply_async(architectures_in_child).get(200) == (True, True)
    assert site.records == ["a"]


@behaviour
def a_new_process_starts_with_nothing_and_loads_for_itself(site):
    site.plugin("a", "ModelRegistry.register_model('TheModel', 'the_model:TheModel'); record('a')")
    site.load()
    script = """
        import vllm.plugins
        from vllm import ModelRegistry
        before = "TheModel" in ModelRegistry.get_supported_archs()
        vllm.plugins.load_general_plugins()
        print(before, "TheModel" in ModelRegistry.get_supported_archs())
    """
    assert site.python(script).stdout.splitlines()[-1] == "False True"
    assert site.records == ["a", "a"]


NOTE_PROCESS = """
import logging
record(dict(role=ROLE, pid=os.getpid(), parent=os.getppid()))
logging.getLogger("mine").info("my own logger, %s", ROLE)
logging.getLogger("vllm.mine").info("a logger below vllm's, %s", ROLE)
"""


def engine_of(site, workers):
    """Start an engine; return its processes by role, and its output, which other cases share."""
    shared = site.folder.parent / f"engine-{workers}.json"
    if not shared.exists():
        site.plugin("note", NOTE_PROCESS)
        result = site.start_engine(workers)
        assert result.returncode == 0, result.stdout + result.stderr
        calls = [call for call in site.records if call["role"] != "inspection"]
        shared.write_text(json.dumps([calls, result.stdout + result.stderr]))
    calls, output = json.loads(shared.read_text())
    return {call["role"].partition(" ")[0]: call for call in calls}, calls, output


def is_a_tree(calls, workers):
    """Front end, engine core below it, and below that the workers; one call in each."""
    by_role = {call["role"]: call for call in calls}
    core = by_role["EngineCore"]
    names = {f"VllmWorker-{rank}" for rank in range(workers)}
    assert set(by_role) == {"MainProcess", "EngineCore"} | names, calls
    assert len({call["pid"] for call in calls}) == len(calls) == 2 + workers, calls
    assert core["parent"] == by_role["MainProcess"]["pid"], calls
    assert {by_role[name]["parent"] for name in names} == {core["pid"]}, calls


@behaviour
def an_engine_calls_a_plugin_once_in_front_end_engine_core_and_worker(site):
    _, calls, _ = engine_of(site, 1)
    is_a_tree(calls, 1)


@behaviour
def with_tensor_parallel_2_there_are_two_workers_that_call_it(site):
    _, calls, _ = engine_of(site, 2)
    is_a_tree(calls, 2)


@behaviour
def below_the_front_end_only_loggers_under_vllm_are_shown(site):
    _, _, output = engine_of(site, 1)
    for role in ("EngineCore", "VllmWorker-0"):
        assert f"a logger below vllm's, {role}" in output
    assert "my own logger" not in output


@behaviour
def in_the_front_end_info_of_a_plugin_is_lost(site):
    _, _, output = engine_of(site, 1)
    assert "a logger below vllm's, MainProcess" not in output


def last_line_when_it_fails_in(site, role):
    site.plugin("bad", f"if ROLE == {role!r}: raise OSError('bad is broken in ' + ROLE)")
    result = site.start_engine()
    output = result.stdout + result.stderr
    assert result.returncode == 1, output
    assert f"OSError: bad is broken in {role}" in output
    errors = [line for line in output.splitlines() if "Error: " in line]
    return errors[-1]


@behaviour
def a_plugin_that_raises_in_the_front_end_is_named_in_the_last_line(site):
    assert last_line_when_it_fails_in(site, "MainProcess").startswith("OSError: bad is broken")


@behaviour
def a_plugin_that_raises_in_the_engine_core_fails_the_engine(site):
    last = last_line_when_it_fails_in(site, "EngineCore")
    assert "Engine core initialization failed. See root cause above." in last


@behaviour
def a_plugin_that_raises_in_a_worker_fails_the_engine(site):
    last = last_line_when_it_fails_in(site, "VllmWorker-0")
    assert "Engine core initialization failed. See root cause above." in last


@behaviour
def registration_from_many_threads_at_once_is_safe(site):
    from threading import Barrier, Thread

    barrier = Barrier(16)

    def register(number):
        barrier.wait(60)
        ModelRegistry.register_model("TheModel", "the_model:TheModel")
        ModelRegistry.register_model(f"Model{number}", "the_model:TheModel")

    threads = [Thread(target=register, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    join(threads)
    expected = {"TheModel", *(f"Model{number}" for number in range(16))}
    assert expected <= set(ModelRegistry.get_supported_archs())


@behaviour
def importing_vllm_calls_no_general_plugin(site):
    site.plugin("a", "record('a')", top="record('import')")
    command = [sys.executable, "-c", "import vllm, vllm.plugins; vllm.ModelRegistry"]
    subprocess.run(command, check=True, timeout=200)
    assert site.records == []


# Logits processors

LOGITS = "vllm.logits_processors"
PROCESSOR = """
from vllm.v1.sample.logits_processor import LogitsProcessor as Base
class {name}(Base):
    def __init__(self, vllm_config, device, is_pin_memory): pass
    def apply(self, logits): return logits
    def is_argmax_invariant(self): return False
    def update_state(self, batch_update): pass
"""


def logits_processors(site, *names, named=None) -> list[str]:
    """Install a logits processor of each name; return the classes that model runner V1 runs."""
    from vllm.v1.sample.logits_processor import _load_custom_logitsprocs

    for number, name in enumerate(names):
        site.module(f"the_processor_{number}", PROCESSOR.format(name=f"Processor{number}"))
        value = f"the_processor_{number}:Processor{number}"
        site.plugin(name, group=LOGITS, package=f"plugin_{number}", value=value)
    return [found.__name__ for found in _load_custom_logitsprocs(named)]


@behaviour
def no_logits_processor_runs_that_is_not_installed(site):
    assert logits_processors(site) == []


@behaviour
def vllm_plugins_does_not_keep_a_logits_processor_out(site):
    for value in ("another", "", "mine "):
        os.environ["VLLM_PLUGINS"] = value
        names = ["mine"] if value == "another" else []
        assert logits_processors(site, *names) == ["Processor0"]


@behaviour
def a_logits_processor_is_found_without_any_general_plugin(site):
    assert logits_processors(site, "mine") == ["Processor0"]
    assert site.load() == []


@behaviour
def a_logits_processor_that_cannot_be_imported_stops_vllm(site):
    site.plugin("mine", group=LOGITS, value="nowhere:Processor")
    error = error_of(lambda: logits_processors(site))
    assert isinstance(error, RuntimeError)
    assert isinstance(error.__cause__, ImportError)
    assert site.logged("ERROR", "Failed to load LogitsProcessor plugin")


@behaviour
def of_two_logits_processors_with_one_name_both_run(site):
    assert logits_processors(site, "same", "same") == ["Processor0", "Processor1"]


@behaviour
def a_logits_processor_that_is_found_and_named_runs_twice(site):
    found = logits_processors(site, "mine", named=["the_processor_0:Processor0"])
    assert found == ["Processor0", "Processor0"]


@behaviour
def logits_processors_that_are_found_come_before_those_that_are_named(site):
    site.module("another", PROCESSOR.format(name="Another"))
    found = logits_processors(site, "mine", named=["another:Another"])
    assert found == ["Processor0", "Another"]


@behaviour
def a_logits_processor_of_another_base_class_is_refused_if_it_is_named(site):
    for each in ("json:JSONDecoder", json.JSONDecoder):
        error = error_of(lambda each=each: logits_processors(site, named=[each]))
        assert isinstance(error, ValueError)
        assert "subclass of LogitsProcessor" in str(error)


@behaviour
def model_runner_v1_takes_whatever_an_entry_point_gives(site):
    site.plugin("mine", group=LOGITS, value="json:JSONDecoder")
    assert logits_processors(site) == ["JSONDecoder"]


@behaviour
def model_runner_v2_refuses_a_logits_processor_with_the_interface_of_v1_alone(site):
    from vllm.v1.worker.gpu.sample.logits_processor.loader import _load_v2_logitsprocs

    assert logits_processors(site, "mine") == ["Processor0"]
    error = error_of(lambda: _load_v2_logitsprocs(None))
    assert isinstance(error, ValueError)
    assert "V1-interface plugins are not supported by the V2 model runner" in str(error)


@behaviour
def model_runner_v2_takes_a_logits_processor_with_both_interfaces(site):
    from vllm.v1.worker.gpu.sample.logits_processor.loader import _load_v2_logitsprocs

    both = "from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as Second"
    text = PROCESSOR.format(name="Both").replace("(Base)", "(Base, Second)")
    site.module("both", f"{both}\n{text}")
    site.plugin("mine", group=LOGITS, value="both:Both")
    os.environ["VLLM_PLUGINS"] = "another"
    assert [found.__name__ for found in _load_v2_logitsprocs(None)] == ["Both"]
    assert logits_processors(site) == ["Both"]
    assert [found.__name__ for found in _load_v2_logitsprocs(["both:Both"])] == ["Both", "Both"]


@behaviour
def what_a_logits_processor_for_model_runner_v2_leaves_out_does_nothing(site):
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor

    class Least(LogitsProcessor):
        def apply(self, logits, ctx):
            return logits

    made = Least("config", "state")
    assert made.add_request(0, "parameters") is True
    assert (made.apply_staged_writes(), made.validate_params("parameters")) == (None, None)
    assert isinstance(error_of(LogitsProcessor, "config", "state"), TypeError)


@behaviour
def a_logits_processor_without_one_of_the_methods_cannot_be_made(site):
    from vllm.v1.sample.logits_processor import LogitsProcessor

    methods = {"__init__", "apply", "is_argmax_invariant", "update_state"}
    assert LogitsProcessor.__abstractmethods__ == methods
    assert LogitsProcessor.validate_params("parameters") is None


@behaviour
def a_change_of_the_batch_says_what_was_removed_added_and_moved(site):
    from vllm.v1.sample.logits_processor import BatchUpdate, MoveDirectionality

    swap, move = MoveDirectionality.SWAP, MoveDirectionality.UNIDIRECTIONAL
    added = (0, "parameters", [1], [])
    change = BatchUpdate(batch_size=2, removed=[1], added=[added], moved=[(2, 1, move)])
    assert (change.batch_size, change.removed, change.added) == (2, [1], [added])
    assert change.moved == [(2, 1, move)]
    assert swap is not move


# IO processors

IO_PROCESSORS = "vllm.io_processor_plugins"
IO_PROCESSOR = """
from vllm.plugins.io_processors.interface import IOProcessor
class Mine(IOProcessor):
    def pre_process(self, prompt, request_id=None, **kwargs): return ["a", "b"]
    def post_process(self, model_output, request_id=None, **kwargs): return model_output
"""


def io_processor(site, asked=None, in_config_json=None, **functions):
    """Install IO processors, each with a function's body by its name; return the one asked for."""
    from vllm.plugins.io_processors import get_io_processor

    site.module("the_io_processor", IO_PROCESSOR)
    for name, body in functions.items():
        site.plugin(name, body, group=IO_PROCESSORS)
    settings = {} if in_config_json is None else {"io_processor_plugin": in_config_json}
    hf_config = SimpleNamespace(to_dict=lambda: settings)
    config = SimpleNamespace(model_config=SimpleNamespace(hf_config=hf_config))
    return get_io_processor(config, None, asked)


MINE = "return 'the_io_processor.Mine'"


@behaviour
def an_io_processor_is_made_only_if_it_is_asked_for_and_the_option_comes_first(site):
    assert io_processor(site, mine=MINE, other="return 'nowhere.Other'") is None
    assert type(io_processor(site, "mine")).__name__ == "Mine"
    assert type(io_processor(site, None, "mine")).__name__ == "Mine"
    assert type(io_processor(site, "mine", "other")).__name__ == "Mine"
    assert isinstance(error_of(io_processor, site, "other", "mine"), ModuleNotFoundError)


@behaviour
def an_io_processor_that_vllm_plugins_keeps_out_is_called_not_installed(site):
    os.environ["VLLM_PLUGINS"] = "other, mine"
    error = error_of(lambda: io_processor(site, "mine", mine=MINE))
    assert isinstance(error, ValueError)
    assert str(error) == "No IOProcessor plugins installed but one is required (mine)."
    error = error_of(lambda: io_processor(site, None, "mine", other=MINE))
    assert isinstance(error, ValueError)
    assert "'mine' IO Processor plugin but it is not installed. Available plugins: ['other']" in (
        str(error)
    )


@behaviour
def an_io_processor_whose_function_fails_or_returns_nothing_is_left_out(site):
    made = io_processor(site, "mine", a="raise SystemError('a')", b="return None", mine=MINE)
    assert type(made).__name__ == "Mine"
    assert [record.getMessage() for record in site.log if record.levelname == "WARNING"] == [
        "Failed to load plugin a."
    ]
    assert "it is not installed" in str(error_of(io_processor, site, "b"))


@behaviour
def whatever_class_an_io_processor_function_names_is_made(site):
    site.module("anything", "class Any:\n    def __init__(self, *given): self.given = given")
    made = io_processor(site, "mine", mine="return 'anything.Any'")
    assert made.given[1:] == (None,)


@behaviour
def of_two_io_processors_with_one_name_the_later_is_made(site):
    site.plugin("same", MINE, group=IO_PROCESSORS, package="first")
    site.plugin("same", "return 'collections.OrderedDict'", group=IO_PROCESSORS, package="last")
    assert isinstance(error_of(io_processor, site, "same"), TypeError)


@behaviour
def an_io_processor_without_one_of_two_methods_cannot_be_made(site):
    from vllm.plugins.io_processors.interface import IOProcessor

    assert IOProcessor.__abstractmethods__ == {"pre_process", "post_process"}
    made = io_processor(site, "mine", mine=MINE)
    assert isinstance(error_of(made.parse_data, {}), NotImplementedError)
    assert type(made.vllm_config).__name__ == "SimpleNamespace"


@behaviour
def an_io_processor_asks_for_the_task_plugin_or_for_what_it_is_given(site):
    from vllm.pooling_params import PoolingParams

    made = io_processor(site, "mine", mine=MINE)
    assert made.merge_pooling_params().task == "plugin"
    given = PoolingParams(dimensions=2)
    assert made.merge_pooling_params(given) is given
    copy = given.clone()
    copy.task = "embed"
    assert (given.task, given.dimensions, copy.dimensions) == (None, 2, 2)
    assert given == PoolingParams(dimensions=2)


@behaviour
def an_io_processor_gets_the_outputs_in_the_order_of_its_prompts(site):
    async def outputs():
        for place in (2, 0, 1):
            yield place, f"output {place}"

    made = io_processor(site, "mine", mine=MINE)
    found = asyncio.run(made.post_process_async(outputs()))
    assert found == ["output 0", "output 1", "output 2"]
    assert asyncio.run(made.pre_process_async("prompt")) == ["a", "b"]


# Parsers


def tool_parsers():
    """Return vLLM's registry of tool parsers, its base class, and a name that vLLM has."""
    from vllm.tool_parsers import ToolParser, ToolParserManager

    return ToolParserManager, ToolParser, "hermes"


def reasoning_parsers():
    """Return vLLM's registry of reasoning parsers, its base class, and a name that vLLM has."""
    from vllm.reasoning import ReasoningParser, ReasoningParserManager

    return ReasoningParserManager, ReasoningParser, "deepseek_r1"


class ParserCase:
    """A module ``the_parser`` with a class ``Parser``, and vLLM's registry for such classes."""

    def __init__(self, site, what: str) -> None:
        self.site, self.what = site, what
        of_kind = {"tool": tool_parsers, "reasoning": reasoning_parsers}[what]
        self.manager, self.base, self.taken = of_kind()
        self.get = getattr(self.manager, f"get_{what}_parser")
        self.imported = getattr(self.manager, f"{what}_parsers")
        origin, name = self.base.__module__, self.base.__name__
        site.module("the_parser", f"from {origin} import {name}\nclass Parser({name}): pass\n")

    def register(self, name: str, module: str = "the_parser", class_name: str = "Parser") -> None:
        self.manager.register_lazy_module(name, module, class_name)


def is_imported_when_it_is_first_asked_for(of):
    of.register("mine")
    assert "the_parser" not in sys.modules
    assert "mine" in of.manager.list_registered()
    parser = of.get("mine")
    assert issubclass(parser, of.base)
    assert parser.__module__ == "the_parser"
    assert of.imported["mine"] is parser is of.get("mine")


@behaviour
def a_tool_parser_is_imported_when_it_is_first_asked_for(site):
    is_imported_when_it_is_first_asked_for(ParserCase(site, "tool"))


@behaviour
def a_reasoning_parser_is_imported_when_it_is_first_asked_for(site):
    is_imported_when_it_is_first_asked_for(ParserCase(site, "reasoning"))


def the_later_of_one_name_counts(of):
    of.register(of.taken)
    assert of.manager.lazy_parsers[of.taken] == ("the_parser", "Parser")
    assert of.get(of.taken).__module__ == "the_parser"
    said = [record for record in of.site.log if record.levelno > logging.DEBUG]
    assert [record for record in said if of.taken in record.getMessage()] == []


@behaviour
def of_two_tool_parsers_with_one_name_the_later_counts_and_nothing_is_said(site):
    the_later_of_one_name_counts(ParserCase(site, "tool"))


@behaviour
def of_two_reasoning_parsers_with_one_name_the_later_counts_and_nothing_is_said(site):
    the_later_of_one_name_counts(ParserCase(site, "reasoning"))


def an_imported_one_goes_first(of):
    of.register("mine")
    first = of.get("mine")
    of.register("mine", "nowhere")
    assert of.get("mine") is first


@behaviour
def a_tool_parser_that_is_imported_goes_before_one_that_is_registered_later(site):
    an_imported_one_goes_first(ParserCase(site, "tool"))


@behaviour
def a_reasoning_parser_that_is_imported_goes_before_one_that_is_registered_later(site):
    an_imported_one_goes_first(ParserCase(site, "reasoning"))


def an_unknown_name_is_a_key_error(of):
    error = error_of(lambda: of.get("nobodys"))
    assert isinstance(error, KeyError)
    assert "'nobodys' not found" in str(error)


@behaviour
def a_tool_parser_that_nobody_has_registered_is_a_key_error(site):
    an_unknown_name_is_a_key_error(ParserCase(site, "tool"))


@behaviour
def a_reasoning_parser_that_nobody_has_registered_is_a_key_error(site):
    an_unknown_name_is_a_key_error(ParserCase(site, "reasoning"))


def a_failing_import_is_logged_and_raised(of):
    of.register("mine", "nowhere")
    for _ in range(2):
        assert isinstance(error_of(lambda: of.get("mine")), ImportError)
    assert len(of.site.logged("ERROR", f"Failed to import lazy {of.what} parser 'mine'")) == 2


@behaviour
def a_tool_parser_that_cannot_be_imported_is_logged_and_raised_each_time(site):
    a_failing_import_is_logged_and_raised(ParserCase(site, "tool"))


@behaviour
def a_reasoning_parser_that_cannot_be_imported_is_logged_and_raised_each_time(site):
    a_failing_import_is_logged_and_raised(ParserCase(site, "reasoning"))


def another_base_class_is_refused(of):
    of.register("mine", "json", "JSONDecoder")
    error = error_of(lambda: of.get("mine"))
    assert isinstance(error, TypeError)
    assert f"is not a {of.base.__name__} subclass" in str(error)


@behaviour
def a_tool_parser_of_another_base_class_is_refused(site):
    another_base_class_is_refused(ParserCase(site, "tool"))


@behaviour
def a_reasoning_parser_of_another_base_class_is_refused(site):
    another_base_class_is_refused(ParserCase(site, "reasoning"))


@behaviour
def a_tool_parser_gets_the_tokenizer_and_what_the_server_reads_from_it(site):
    _, base, _ = tool_parsers()
    parser = base("a tokenizer", None)
    assert parser.model_tokenizer == "a tokenizer"
    assert (parser.prev_tool_call_arr, parser.streamed_args_for_tool) == ([], [])
    assert (parser.current_tool_id, parser.tools) == (-1, [])
    assert parser.supports_required_and_named is True


@behaviour
def what_a_tool_parser_does_not_implement_raises(site):
    _, base, _ = tool_parsers()
    parser = base("a tokenizer")
    whole = error_of(lambda: parser.extract_tool_calls("", None))
    streamed = error_of(lambda: parser.extract_tool_calls_streaming("", "", "", [], [], [], None))
    assert isinstance(whole, NotImplementedError)
    assert isinstance(streamed, NotImplementedError)


@behaviour
def tool_calls_have_ids_and_what_they_leave_out_is_empty(site):
    from vllm.tool_parsers import abstract_tool_parser, utils

    function = utils.FunctionCall(name="f", arguments="{}")
    first, second = utils.ToolCall(function=function), utils.ToolCall(function=function)
    assert first.id
    assert first.id != second.id
    assert first.type == "function"
    delta = abstract_tool_parser.DeltaMessage(content="text")
    assert (delta.content, delta.tool_calls) == ("text", [])
    call = utils.DeltaToolCall(index=0, function=utils.DeltaFunctionCall(name="f"))
    assert (call.id, call.type, call.function.arguments) == (None, None, None)
    found = abstract_tool_parser.ExtractedToolCallInformation(tools_called=False, tool_calls=[])
    assert found.content is None


@behaviour
def a_reasoning_parser_gets_the_tokenizer_and_whatever_else_there_is(site):
    _, base, _ = reasoning_parsers()
    parsers = [base("a tokenizer", model_config=None, chat_template_kwargs={})]
    parsers.append(base(tokenizer="a tokenizer", chat_template_kwargs={}))
    for parser in parsers:
        assert parser.model_tokenizer == "a tokenizer"
        assert (parser.reasoning_start_str, parser.reasoning_end_str) == (None, None)
        assert parser.engine_based_streaming is False


@behaviour
def what_a_reasoning_parser_does_not_implement_does_nothing_in_silence(site):
    _, base, _ = reasoning_parsers()
    parser = base("a tokenizer")
    assert parser.is_reasoning_end([1]) is None
    assert parser.extract_content_ids([1]) is None
    assert parser.extract_reasoning("", None) is None
    assert parser.extract_reasoning_streaming("", "", "", [], [], []) is None
    assert parser.count_reasoning_tokens([1]) == 0
    assert parser.adjust_request("a request") == "a request"


@behaviour
def the_end_of_reasoning_in_a_stream_is_the_end_of_all_unless_a_parser_says_otherwise(site):
    _, base, _ = reasoning_parsers()
    parser = type("Parser", (base,), {"is_reasoning_end": lambda self, ids: ids == [1, 2]})("t")
    assert parser.is_reasoning_end_streaming([1, 2], [2])
    assert not parser.is_reasoning_end_streaming([1], [1])


@behaviour
def a_message_of_a_stream_has_reasoning_or_content(site):
    from vllm.reasoning.basic_parsers import DeltaMessage

    message = DeltaMessage(reasoning="Hm.")
    assert (message.reasoning, message.content, message.tool_calls) == ("Hm.", None, [])
    message = DeltaMessage(reasoning=None, content="Yes.")
    assert (message.reasoning, message.content) == (None, "Yes.")


# Layers in place of vLLM's


def layers(base):
    """Return a class as vLLM's are, one in its place, and one of vLLM's below it."""

    class Theirs(base):
        def __init__(self, size):
            self.size = size

    class Mine(Theirs):
        pass

    class Derived(Theirs):
        pass

    return Theirs, Mine, Derived


def kinds_of_layers():
    from vllm.model_executor.custom_op import CustomOp, PluggableLayer

    return CustomOp, PluggableLayer


@behaviour
def a_layer_is_made_in_place_of_the_class_whose_name_it_is_registered_for(site):
    for base in kinds_of_layers():
        theirs, mine, _ = layers(base)
        theirs.__name__ = base.__name__ + "Theirs"
        assert type(theirs(3)) is theirs
        base.register_oot(mine, name=theirs.__name__)
        made = theirs(3)
        assert (type(made), made.size) == (mine, 3)


@behaviour
def without_a_name_the_class_that_is_asked_is_replaced(site):
    for base in kinds_of_layers():
        theirs, mine, _ = layers(base)
        theirs.__name__ = base.__name__ + "Theirs"
        assert theirs.register_oot(mine) is mine
        assert type(theirs(3)) is mine


@behaviour
def a_layer_that_was_made_before_and_one_of_another_name_are_not_replaced(site):
    for base in kinds_of_layers():
        theirs, mine, derived = layers(base)
        theirs.__name__ = base.__name__ + "Theirs"
        before = theirs(3)
        theirs.register_oot(mine)
        assert (type(before), type(derived(3))) == (theirs, derived)


@behaviour
def one_registry_has_the_replacements_of_both_kinds_of_layers(site):
    from vllm.model_executor.custom_op import op_registry_oot

    registered = {}
    for base in kinds_of_layers():
        _, mine, _ = layers(base)
        registered[base.__name__ + "Theirs"] = mine
        base.register_oot(mine, name=base.__name__ + "Theirs")
    assert {name: op_registry_oot.get(name) for name in registered} == registered


@behaviour
def a_second_layer_in_one_place_is_refused(site):
    from vllm.model_executor.custom_op import op_registry_oot

    one, other = kinds_of_layers()
    for base in (one, other):
        _, mine, _ = layers(base)
        name = base.__name__ + "Theirs"
        base.register_oot(mine, name=name)
        for again in (one, other):
            error = error_of(lambda again=again, name=name: again.register_oot(dict, name=name))
            assert isinstance(error, AssertionError)
            assert name in str(error)
        assert op_registry_oot[name] is mine


@behaviour
def a_layer_takes_the_name_of_the_class_in_whose_place_it_stands(site):
    """By that name, custom_ops switches it on and off."""
    for base in kinds_of_layers():
        theirs, mine, _ = layers(base)
        theirs.__name__ = base.__name__ + "Theirs"
        mine.name = "theirs"
        theirs.register_oot(mine)
        assert mine.name == theirs.__name__


@behaviour
def a_layer_that_does_not_inherit_from_what_it_replaces_is_made_and_not_initialised(site):
    for base in kinds_of_layers():
        theirs, _, _ = layers(base)
        theirs.__name__ = base.__name__ + "Theirs"

        class Other(base):
            def __init__(self, size):
                self.size = size

        theirs.register_oot(Other)
        made = theirs(3)
        assert type(made) is Other
        assert not hasattr(made, "size")


@behaviour
def only_a_class_can_be_registered_as_a_layer(site):
    for base in kinds_of_layers():
        error = error_of(lambda base=base: base.register_oot("a.module:Class"))
        assert isinstance(error, TypeError)
        assert str(error) == "Decorator can only be applied to classes."


@behaviour
def the_methods_of_a_custom_op_and_of_rms_norm_are_these(site):
    from inspect import signature

    from vllm.model_executor.custom_op import CustomOp, PluggableLayer
    from vllm.model_executor.layers.layernorm import RMSNorm

    def forwards(found):
        return sorted(name for name in vars(found) if name.startswith("forward_"))

    platforms = ("cpu", "cuda", "hip", "native", "oot", "tpu", "xpu")
    assert forwards(CustomOp) == [f"forward_{name}" for name in platforms]
    assert forwards(PluggableLayer) == []
    assert forwards(RMSNorm) == ["forward_cuda", "forward_native", "forward_xpu"]
    assert issubclass(RMSNorm, CustomOp)
    made = {"hidden_size", "eps", "var_hidden_size", "has_weight", "dtype"}
    assert set(signature(RMSNorm.__init__).parameters) == made | {"self"}
    for name in forwards(RMSNorm):
        assert list(signature(getattr(RMSNorm, name)).parameters) == ["self", "x", "residual"]


@behaviour
def a_platform_without_a_method_of_its_own_runs_another(site):
    from vllm.model_executor.custom_op import CustomOp

    class Mine(CustomOp):
        def __init__(self):
            pass

        def forward_native(self, x):
            return "native", x

        def forward_cuda(self, x):
            return "cuda", x

    platforms = ("cpu", "hip", "oot", "tpu", "xpu")
    found = [getattr(Mine(), f"forward_{name}")(3)[0] for name in platforms]
    assert found == ["native", "cuda", "native", "native", "native"]


# Quantizations

ABSTRACT = ["get_name", "get_supported_act_dtypes", "get_min_capability"]
ABSTRACT += ["get_config_filenames", "from_config", "get_quant_method"]


def quantizations():
    """Return vLLM's registry of quantizations, and a function that makes a class of config."""
    from vllm.model_executor.layers import quantization
    from vllm.model_executor.layers.quantization.base_config import QuantizationConfig

    def make(lacking=""):
        methods = {name: classmethod(lambda *_: None) for name in ABSTRACT if name != lacking}
        return type("Mine", (QuantizationConfig,), methods)

    return quantization, make


@behaviour
def a_quantization_is_registered_as_a_class_under_a_name(site):
    registry, make = quantizations()
    mine = make()
    assert "mine" not in registry.QUANTIZATION_METHODS
    assert registry.register_quantization_config("mine")(mine) is mine
    assert "mine" in registry.QUANTIZATION_METHODS
    assert registry.get_quantization_config("mine") is mine
    assert registry._CUSTOMIZED_METHOD_TO_QUANT_CONFIG["mine"] is mine


@behaviour
def of_two_quantizations_with_one_name_the_later_counts_and_is_logged_at_debug(site):
    registry, make = quantizations()
    later = make()
    registry.register_quantization_config("mine")(make())
    assert site.logged("DEBUG", "'mine' already exists") == []
    registry.register_quantization_config("mine")(later)
    assert registry.get_quantization_config("mine") is later
    assert len(site.logged("DEBUG", "'mine' already exists and will be overwritten")) == 1


@behaviour
def a_quantization_of_vllms_own_is_replaced_and_its_name_is_there_once(site):
    from typing import get_args

    registry, make = quantizations()
    mine = make()
    assert "awq" in get_args(registry.QuantizationMethods)
    registry.register_quantization_config("awq")(mine)
    assert registry.get_quantization_config("awq") is mine
    assert registry.QUANTIZATION_METHODS.count("awq") == 1


@behaviour
def a_quantization_that_nobody_has_registered_is_a_value_error(site):
    registry, _ = quantizations()
    error = error_of(lambda: registry.get_quantization_config("nobodys"))
    assert isinstance(error, ValueError)
    assert "Invalid quantization method: nobodys" in str(error)


@behaviour
def a_quantization_of_another_base_class_is_refused(site):
    registry, _ = quantizations()
    error = error_of(lambda: registry.register_quantization_config("mine")(dict))
    assert isinstance(error, ValueError)
    assert "must be a subclass of `QuantizationConfig`" in str(error)
    # And yet the name is known from then on.
    assert "mine" in registry.QUANTIZATION_METHODS


@behaviour
def a_quantization_that_lacks_a_method_cannot_be_made(site):
    _, make = quantizations()
    assert make()()
    for name in ABSTRACT:
        error = error_of(make(lacking=name))
        assert isinstance(error, TypeError), name
        assert name in str(error)


@behaviour
def a_quantization_has_what_models_and_vllm_read_of_it(site):
    _, make = quantizations()
    config = make()()
    assert config.packed_modules_mapping == {}
    assert config.override_quantization_method({"quant_method": "other"}, "mine") is None
    config.apply_vllm_mapper(None)


# KV connectors

HOOKS = ["start_load_kv", "wait_for_layer_load", "save_kv_layer", "wait_for_save"]
HOOKS += ["get_num_new_matched_tokens", "update_state_after_alloc", "build_connector_meta"]
KV_CONNECTOR = """
from recorder import record
from vllm.distributed.kv_transfer.kv_connector.v1.base import KVConnectorBase_V1, SupportsHMA
record("imported")
methods = dict.fromkeys([*{hooks}, "request_finished_all_groups"], lambda *_: None)
Mine = type("Mine", (KVConnectorBase_V1, SupportsHMA), methods)
Single = type("Single", (KVConnectorBase_V1,), methods)
class Old(Mine):
    def __init__(self, vllm_config, role):
        super().__init__(vllm_config, role)
"""


def kv_connectors(site):
    """Return vLLM's factory of KV connectors, with a module "connectors", and a config for it."""
    from vllm.distributed.kv_transfer.kv_connector.factory import KVConnectorFactory

    site.module("connectors", KV_CONNECTOR.format(hooks=HOOKS))

    def config(name, path=None, one_cache=False):
        named = {"kv_connector": name, "kv_connector_module_path": path}
        transfer = SimpleNamespace(**named, engine_id="engine")
        scheduler = SimpleNamespace(disable_hybrid_kv_cache_manager=one_cache)
        return SimpleNamespace(kv_transfer_config=transfer, scheduler_config=scheduler)

    return KVConnectorFactory, config


@behaviour
def a_kv_connector_is_registered_by_name_and_imported_when_it_is_asked_for(site):
    import inspect

    factory, config = kv_connectors(site)
    factory.register_connector("mine", "connectors", "Mine")
    held = inspect.getclosurevars(factory._registry["mine"]).nonlocals
    assert (held["module_path"], held["class_name"]) == ("connectors", "Mine")
    assert site.records == []
    mine = factory.get_connector_class_by_name("mine")
    assert (mine.__name__, site.records) == ("Mine", ["imported"])
    assert factory.get_connector_class(config("mine").kv_transfer_config) is mine


@behaviour
def a_second_registration_of_a_kv_connector_is_a_value_error(site):
    factory, _ = kv_connectors(site)
    for name in ("mine", "ExampleConnector"):
        if name == "mine":
            factory.register_connector(name, "connectors", "Mine")
        error = error_of(lambda name=name: factory.register_connector(name, "a", "B"))
        assert isinstance(error, ValueError)
        assert f"Connector '{name}' is already registered" in str(error)
    assert factory.get_connector_class_by_name("mine").__name__ == "Mine"


@behaviour
def a_kv_connector_that_nobody_has_registered_is_a_value_error(site):
    factory, config = kv_connectors(site)
    error = error_of(lambda: factory.get_connector_class(config("nobodys").kv_transfer_config))
    assert isinstance(error, ValueError)
    assert "Unsupported connector type: nobodys" in str(error)


@behaviour
def the_module_path_of_a_kv_connector_goes_before_its_name(site):
    factory, config = kv_connectors(site)
    factory.register_connector("Mine", "connectors", "Single")
    transfer = config("Mine", "connectors").kv_transfer_config
    assert factory.get_connector_class(transfer).__name__ == "Mine"
    missing = config("Nobodys", "connectors").kv_transfer_config
    error = error_of(lambda: factory.get_connector_class(missing))
    assert isinstance(error, AttributeError)
    assert "Class Nobodys not found in connectors" in str(error)


@behaviour
def a_kv_connector_by_its_path_must_take_three_arguments(site):
    factory, config = kv_connectors(site)
    transfer = config("Old", "connectors").kv_transfer_config
    error = error_of(lambda: factory.get_connector_class(transfer))
    assert isinstance(error, ValueError)
    assert "Connector Old uses deprecated 2-argument constructor" in str(error)


@behaviour
def a_kv_connector_that_does_not_support_several_caches_is_refused_where_they_may_be(site):
    factory, config = kv_connectors(site)
    several, one = config("Single", "connectors"), config("Single", "connectors", one_cache=True)
    error = error_of(lambda: factory.create_connector(several, "role", "cache"))
    assert isinstance(error, ValueError)
    assert "Connector Single does not support HMA but HMA is enabled" in str(error)
    assert type(factory.create_connector(one, "role", "cache")).__name__ == "Single"


@behaviour
def a_kv_connector_keeps_what_it_is_made_with_and_what_it_is_sent(site):
    factory, config = kv_connectors(site)
    given = config("Mine", "connectors")
    made = factory.create_connector(given, "role", "cache")
    assert (made.role, made._vllm_config, made._kv_cache_config) == ("role", given, "cache")
    assert made._kv_transfer_config is given.kv_transfer_config
    made.bind_connector_metadata("work")
    assert made._get_connector_metadata() == "work"
    made.clear_connector_metadata()
    assert isinstance(error_of(made._get_connector_metadata), AssertionError)
    assert made.get_finished(set()) == (None, None)
    assert (made.get_block_ids_with_load_errors(), made.reset_cache()) == (set(), None)


@behaviour
def a_kv_connector_that_lacks_a_method_cannot_be_made(site):
    factory, config = kv_connectors(site)
    given = config("Mine", "connectors")
    mine = factory.get_connector_class(given.kv_transfer_config)
    for name in [*HOOKS, "request_finished_all_groups"]:
        methods = {each: lambda *_: None for each in HOOKS if each != name}
        lacking = type("Lacking", mine.__bases__, methods)
        error = error_of(lambda lacking=lacking: lacking(given, "role", "cache"))
        assert isinstance(error, TypeError), name
        assert name in str(error)


# Stat loggers

STATS = "vllm.stat_logger_plugins"
STAT_LOGGER = """
from recorder import record as note
from vllm.v1.metrics.loggers import StatLoggerBase
class {name}(StatLoggerBase):
    def __init__(self, vllm_config, engine_index=0):
        self.made = [vllm_config, engine_index]
    def record(self, scheduler_stats, iteration_stats, mm_cache_stats=None, engine_idx=0):
        note([*self.made, scheduler_stats, iteration_stats, mm_cache_stats, engine_idx])
        if iteration_stats == "bad": raise ValueError("bad")
    def log_engine_initialized(self): note("engine")
"""


def stat_loggers(site, *names) -> list[type]:
    """Install a stat logger of each name; return the classes that vLLM would make."""
    from vllm.v1.metrics.loggers import load_stat_logger_plugin_factories

    for number, name in enumerate(names):
        site.module(f"the_stats_{number}", STAT_LOGGER.format(name=f"Stats{number}"))
        value = f"the_stats_{number}:Stats{number}"
        site.plugin(name, group=STATS, package=f"plugin_{number}", value=value)
    return load_stat_logger_plugin_factories()


@behaviour
def vllm_plugins_decides_about_stat_loggers_and_no_general_plugin_is_called(site):
    found = stat_loggers(site, "mine", "other")
    assert [each.__name__ for each in found] == ["Stats0", "Stats1"]
    for value, names in {"other": ["Stats1"], "mine ": [], "": []}.items():
        os.environ["VLLM_PLUGINS"] = value
        assert [each.__name__ for each in stat_loggers(site)] == names, value


# Endpoints

ENDPOINTS = "vllm.endpoint_plugins"
ENDPOINT = """
from recorder import record
record("imported")
class {name}:
    name = {name!r}
    required_tasks = {tasks}
    def __init__(self):
        {made}
    def attach_router(self, app): pass
    async def init_state(self, engine_client, state, args): pass
"""


def endpoint(site, name, tasks=None, made="pass") -> None:
    """Add an endpoint, which requires some tasks and does something when it is made."""
    site.module(f"endpoint_{name}", ENDPOINT.format(name=name, tasks=tasks, made=made))
    value = f"endpoint_{name}:{name}"
    site.plugin(name, group=ENDPOINTS, package=f"plugin_{name}", value=value)


def endpoints(vllm_plugins, *tasks) -> list[str]:
    """Return the endpoints that a server loads whose model has some tasks."""
    from vllm.plugins import load_endpoint_plugins

    os.environ.pop("VLLM_PLUGINS", None)
    if vllm_plugins is not None:
        os.environ["VLLM_PLUGINS"] = vllm_plugins
    return [found.name for found in load_endpoint_plugins(tasks)]


@behaviour
def an_endpoint_is_loaded_only_where_vllm_plugins_names_it(site):
    endpoint(site, "a")
    endpoint(site, "b")
    for value in (None, "", "all", "A", "a ,b ", "dist-of-a-plugin_a"):
        assert endpoints(value, "generate") == [], value
    assert endpoints("b", "generate") == ["b"]
    assert endpoints("b,a", "generate") == ["a", "b"]


@behaviour
def without_vllm_plugins_a_warning_names_the_endpoints_and_nothing_is_imported(site):
    assert endpoints(None) == []
    assert site.logged("WARNING", "") == []
    endpoint(site, "a")
    assert endpoints(None) == []
    [warning] = site.logged("WARNING", "VLLM_PLUGINS is not set")
    assert "['a']" in warning
    assert site.records == []


@behaviour
def a_stat_logger_that_is_a_function_or_another_class_stops_vllm(site):
    for name, value in {"maker": "json:loads", "another": "json:JSONDecoder"}.items():
        site.plugin(name, group=STATS, package=f"plugin_{name}", value=value)
        os.environ["VLLM_PLUGINS"] = name
        error = error_of(stat_loggers, site)
        assert isinstance(error, TypeError)
        assert f"Stat logger plugin {name!r} must be a subclass of StatLoggerBase" in str(error)


@behaviour
def a_stat_logger_that_cannot_be_imported_is_logged_and_left_out(site):
    site.plugin("lost", group=STATS, package="plugin_lost", value="nowhere:Stats")
    assert [each.__name__ for each in stat_loggers(site, "mine")] == ["Stats0"]
    assert site.logged("ERROR", "Failed to load plugin lost")


@behaviour
def of_two_stat_loggers_with_one_name_the_later_is_made(site):
    assert [each.__name__ for each in stat_loggers(site, "same", "same")] == ["Stats1"]


@behaviour
def a_stat_logger_without_one_of_the_methods_cannot_be_made(site):
    from vllm.v1.metrics.loggers import StatLoggerBase

    assert StatLoggerBase.__abstractmethods__ == {"__init__", "record", "log_engine_initialized"}
    assert StatLoggerBase.log("self") is None
    assert StatLoggerBase.record_sleep_state("self", 1, 0) is None


@behaviour
def a_stat_logger_is_made_for_each_engine_and_told_what_that_one_did(site):
    from vllm.v1.metrics.loggers import PerEngineStatLoggerAdapter

    [found] = stat_loggers(site, "mine")
    vllms = PerEngineStatLoggerAdapter("config", [0, 2], found)
    vllms.log_engine_initialized()
    vllms.record("scheduler", None, mm_cache_stats="cache", engine_idx=2)
    vllms.record(None, "step", engine_idx=1)
    assert site.logged("WARNING", "Unexpected engine_idx: 1")
    step = ["config", 2, "scheduler", None, "cache", 2]
    assert site.records == ["engine", "engine", step]
    # What it raises, vLLM raises.
    assert isinstance(error_of(vllms.record, None, "bad"), ValueError)


@behaviour
def a_finished_request_has_these_figures_and_a_reason_with_a_name(site):
    from vllm.v1.engine import FinishReason
    from vllm.v1.metrics.stats import FinishedRequestStats, IterationStats, SchedulerStats

    names = ["stop", "length", "abort", "error", "repetition"]
    assert [str(each) for each in FinishReason] == names
    assert json.dumps(FinishReason.LENGTH) == "1"
    figures = vars(FinishedRequestStats(FinishReason.STOP))
    assert figures.pop("finish_reason") is FinishReason.STOP
    assert figures.pop("request_id") is figures.pop("max_tokens_param") is None
    assert figures.pop("num_preemptions", 0) == 0
    tokens = ["num_prompt_tokens", "num_generation_tokens", "num_cached_tokens"]
    times = ["e2e_latency", "queued_time", "prefill_time", "inference_time", "decode_time"]
    times.append("mean_time_per_output_token")
    assert figures == {**dict.fromkeys([*tokens, *times], 0), "is_corrupted": False}
    assert IterationStats().finished_requests == []
    assert SchedulerStats().num_running_reqs == SchedulerStats().num_waiting_reqs == 0


@behaviour
def an_endpoint_whose_tasks_a_server_lacks_is_left_out_with_a_line_at_info(site):
    endpoint(site, "a", tasks=("embed",))
    assert endpoints("a", "generate") == endpoints("a") == []
    assert len(site.logged("INFO", "Skipping endpoint plugin a")) == 2
    assert [each for each in site.log if each.levelno > logging.INFO] == []


@behaviour
def one_of_its_tasks_is_enough_for_an_endpoint(site):
    endpoint(site, "a", tasks=("embed", "generate"))
    assert endpoints("a", "generate", "render") == ["a"]


@behaviour
def of_tasks_that_are_a_text_the_letters_are_read(site):
    endpoint(site, "a", tasks="'generate'")
    assert endpoints("a", "generate") == []
    assert endpoints("a", "g") == ["a"]


@behaviour
def an_endpoint_that_cannot_be_made_is_logged_and_the_others_are_loaded(site):
    endpoint(site, "a", made="raise RuntimeError('broken')")
    endpoint(site, "b")
    assert endpoints("a,b", "generate") == ["b"]
    assert site.logged("ERROR", "Failed to instantiate endpoint plugin a")


@behaviour
def an_endpoint_has_a_name_tasks_and_two_methods(site):
    from vllm.plugins.endpoint_plugins.interface import EndpointPlugin

    endpoint(site, "a")
    endpoint_a = __import__("endpoint_a").a
    assert isinstance(endpoint_a(), EndpointPlugin)
    for name in ("name", "required_tasks", "attach_router", "init_state"):
        left = {key: value for key, value in vars(endpoint_a).items() if key != name}
        assert not isinstance(type("Another", (), left)(), EndpointPlugin), name


# LoRA resolvers


def lora_resolvers():
    """Return vLLM's registry of LoRA resolvers, and a class of one that finds nothing."""
    from vllm.lora.resolver import LoRAResolver, LoRAResolverRegistry

    class Mine(LoRAResolver):
        async def resolve_lora(self, base_model_name, lora_name):
            return None

    return LoRAResolverRegistry, Mine


@behaviour
def a_lora_resolver_is_kept_as_the_object_that_was_registered(site):
    registry, make = lora_resolvers()
    mine, names = make(), registry.get_supported_resolvers()
    assert "mine" not in names
    registry.register_resolver("mine", mine)
    assert "mine" in names
    assert registry.get_resolver("mine") is registry.resolvers["mine"] is mine


@behaviour
def of_two_lora_resolvers_with_one_name_the_later_counts_and_is_warned_of(site):
    registry, make = lora_resolvers()
    registry.register_resolver("mine", make())
    assert site.logged("WARNING", "LoRA resolver mine") == []
    later = make()
    registry.register_resolver("mine", later)
    assert registry.get_resolver("mine") is later
    assert len(site.logged("WARNING", "LoRA resolver mine is already registered, and will be")) == 1


@behaviour
def a_lora_resolver_that_nobody_has_registered_is_a_key_error(site):
    registry, _ = lora_resolvers()
    error = error_of(registry.get_resolver, "nobodys")
    assert isinstance(error, KeyError)
    assert "LoRA resolver 'nobodys' not found." in str(error)


@behaviour
def any_object_is_registered_as_a_lora_resolver(site):
    registry, _ = lora_resolvers()
    mine = object()
    registry.register_resolver("mine", mine)
    assert registry.get_resolver("mine") is mine


@behaviour
def a_lora_resolver_without_resolve_lora_cannot_be_made(site):
    from inspect import iscoroutinefunction, signature

    from vllm.lora.resolver import LoRAResolver

    error = error_of(type("Mine", (LoRAResolver,), {}))
    assert isinstance(error, TypeError)
    assert "resolve_lora" in str(error)
    assert iscoroutinefunction(LoRAResolver.resolve_lora)
    names = list(signature(LoRAResolver.resolve_lora).parameters)
    assert names == ["self", "base_model_name", "lora_name"]


@behaviour
def an_adapter_needs_an_id_above_zero_and_a_path(site):
    from vllm.lora.request import LoRARequest

    assert isinstance(error_of(LoRARequest, "one", 0, "/one"), ValueError)
    assert isinstance(error_of(LoRARequest, "one", 1), AssertionError)
    made = LoRARequest(lora_name="one", lora_int_id=1, lora_path="/one")
    assert (made.lora_name, made.lora_int_id, made.lora_path) == ("one", 1, "/one")
    # vLLM's server sets another.
    made.lora_int_id = 2
    assert made.base_model_name is None


@behaviour
def adapters_of_one_name_are_equal_whatever_else_they_have(site):
    from vllm.lora.request import LoRARequest

    one, same, other = (LoRARequest(*of) for of in (("a", 1, "/1"), ("a", 2, "/2"), ("b", 1, "/1")))
    assert one == same != other
    assert hash(one) == hash(same)


# Platforms

OF_THE_PLATFORM = "the_platform.ThePlatform"


def platform_of(site, *answers: str, names=("mine", "yours")) -> str:
    """Install a platform plugin for each answer; return the path of the platform that vLLM takes."""
    from vllm.platforms import resolve_current_platform_cls_qualname

    os.environ.pop("VLLM_TARGET_DEVICE", None)
    for name, answer in zip(names, answers, strict=False):
        site.plugin(name, f"record({name!r})\n{answer}", group=PLATFORM)
    return resolve_current_platform_cls_qualname()


@behaviour
def a_platform_plugin_that_applies_is_asked_twice_and_goes_before_vllms_own(site):
    assert platform_of(site, f"return {OF_THE_PLATFORM!r}") == OF_THE_PLATFORM
    assert site.records == ["mine", "mine"]
    assert site.logged("INFO", "is activated") == ["Platform plugin mine is activated"]


@behaviour
def a_platform_plugin_that_does_not_apply_leaves_vllms_own(site):
    own = platform_of(site)
    assert own.startswith("vllm.platforms.")
    assert platform_of(site, "return None") == own
    assert site.records == ["mine"]


@behaviour
def a_platform_plugin_that_raises_is_passed_over_in_silence(site):
    own = platform_of(site)
    assert platform_of(site, "raise RuntimeError") == own
    answer = f"return {OF_THE_PLATFORM!r}"
    assert platform_of(site, answer, names=["another"]) == OF_THE_PLATFORM
    assert site.records == ["mine", "mine", "another", "another"]
    assert [r.getMessage() for r in site.log if r.levelno > logging.INFO] == []


@behaviour
def two_platform_plugins_that_apply_stop_vllm(site):
    error = error_of(lambda: platform_of(site, "return 'a.A'", "return 'b.B'"))
    assert isinstance(error, RuntimeError)
    assert "Only one platform plugin can be activated" in str(error)
    assert "mine" in str(error)
    assert "yours" in str(error)


@behaviour
def vllm_plugins_keeps_a_platform_plugin_out(site):
    os.environ["VLLM_PLUGINS"] = "yours,others"
    assert platform_of(site, "return 'a.A'", "return 'b.B'") == "b.B"
    assert site.records == ["yours", "yours"]


@behaviour
def a_platform_plugin_with_the_name_of_one_of_vllms_own_is_taken_for_it(site):
    assert platform_of(site, "return None", names=["cpu"]) is None
    assert site.records == ["cpu", "cpu"]


@behaviour
def where_vllm_target_device_is_cpu_no_platform_plugin_is_asked(site):
    assert platform_of(site, f"return {OF_THE_PLATFORM!r}") == OF_THE_PLATFORM
    os.environ["VLLM_TARGET_DEVICE"] = "CPU"
    own = vllm.platforms.resolve_current_platform_cls_qualname()
    assert own.startswith("vllm.platforms.")


@behaviour
def a_platform_is_made_of_its_path_once_in_a_process(site):
    text = "from vllm.platforms.cpu import CpuPlatform\nclass ThePlatform(CpuPlatform): pass"
    site.module("the_platform", text)
    platform_of(site, f"return {OF_THE_PLATFORM!r}")
    # As if this process had not asked yet.
    vllm.platforms._current_platform = None
    first, second = (vllm.platforms.current_platform for _ in range(2))
    assert first is second
    assert type(first).__name__ == "ThePlatform"
    assert first.is_cpu()


@behaviour
def a_platform_that_cannot_be_imported_is_an_error(site):
    platform_of(site, "return 'nowhere.ThePlatform'")
    vllm.platforms._current_platform = None
    assert isinstance(error_of(lambda: vllm.platforms.current_platform), ImportError)
