"""How vLLM treats plugins: each case states one behaviour, and holds wherever it passes.

The same code runs in the fixture engine and in every supported vLLM; tests/engine/test_conformance.py
knows the differences. A case is a function whose name says the behaviour; its folder is ``site``.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import get_context

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


# Tool parsers


def tool_parsers(site):
    """Write a module with a tool parser ``Parser``, and return vLLM's registry and base class."""
    from vllm.tool_parsers import ToolParser, ToolParserManager

    base = "from vllm.tool_parsers import ToolParser as Base"
    site.module("the_tool_parser", f"{base}\nclass Parser(Base): pass\n")
    return ToolParserManager, ToolParser


@behaviour
def a_tool_parser_is_imported_when_it_is_first_asked_for(site):
    manager, base = tool_parsers(site)
    manager.register_lazy_module("mine", "the_tool_parser", "Parser")
    assert "the_tool_parser" not in sys.modules
    assert "mine" in manager.list_registered()
    parser = manager.get_tool_parser("mine")
    assert issubclass(parser, base)
    assert parser.__module__ == "the_tool_parser"
    assert manager.tool_parsers["mine"] is parser is manager.get_tool_parser("mine")


@behaviour
def of_two_tool_parsers_with_one_name_the_later_counts_and_nothing_is_said(site):
    manager, _ = tool_parsers(site)
    manager.register_lazy_module("hermes", "the_tool_parser", "Parser")
    assert manager.lazy_parsers["hermes"] == ("the_tool_parser", "Parser")
    assert manager.get_tool_parser("hermes").__module__ == "the_tool_parser"
    assert [r for r in site.log if r.levelno > logging.DEBUG and "hermes" in r.getMessage()] == []


@behaviour
def a_tool_parser_that_is_imported_goes_before_one_that_is_registered_later(site):
    manager, _ = tool_parsers(site)
    manager.register_lazy_module("mine", "the_tool_parser", "Parser")
    first = manager.get_tool_parser("mine")
    manager.register_lazy_module("mine", "nowhere", "Parser")
    assert manager.get_tool_parser("mine") is first


@behaviour
def a_tool_parser_that_nobody_has_registered_is_a_key_error(site):
    manager, _ = tool_parsers(site)
    error = error_of(lambda: manager.get_tool_parser("nobodys"))
    assert isinstance(error, KeyError)
    assert "'nobodys' not found" in str(error)


@behaviour
def a_tool_parser_that_cannot_be_imported_is_logged_and_raised_each_time(site):
    manager, _ = tool_parsers(site)
    manager.register_lazy_module("mine", "nowhere", "Parser")
    for _ in range(2):
        assert isinstance(error_of(lambda: manager.get_tool_parser("mine")), ImportError)
    assert len(site.logged("ERROR", "Failed to import lazy tool parser 'mine'")) == 2


@behaviour
def a_tool_parser_of_another_base_class_is_refused(site):
    manager, _ = tool_parsers(site)
    manager.register_lazy_module("mine", "json", "JSONDecoder")
    error = error_of(lambda: manager.get_tool_parser("mine"))
    assert isinstance(error, TypeError)
    assert "is not a ToolParser subclass" in str(error)


@behaviour
def a_tool_parser_gets_the_tokenizer_and_what_the_server_reads_from_it(site):
    _, base = tool_parsers(site)
    parser = base("a tokenizer", None)
    assert parser.model_tokenizer == "a tokenizer"
    assert (parser.prev_tool_call_arr, parser.streamed_args_for_tool) == ([], [])
    assert (parser.current_tool_id, parser.tools) == (-1, [])
    assert parser.supports_required_and_named is True


@behaviour
def what_a_tool_parser_does_not_implement_raises(site):
    _, base = tool_parsers(site)
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
