"""What the fixture engine does beyond what test_conformance.py holds against real vLLM."""

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent, indent

import pytest
from shared.rendering import result_of

FIXTURE = Path(__file__).parents[2] / "{{cookiecutter.package_name}}/tests/_template/fixture_engine"


def test_only_vllm_loggers_are_shown_and_only_once_configured(site):
    script = """
        import logging
        vllm.logger.configure_logging()
        for name in ("vllm.mine", "mine"):
            vllm.logger.init_logger(name).info("I am %s", name)
        print(logging.getLogger("vllm").propagate, logging.getLogger().handlers)
    """
    lines = site.succeeds(script).stdout.splitlines()
    assert lines[0].startswith("(MainProcess pid=")
    assert lines[0].endswith("] I am vllm.mine")
    assert lines[1:] == ["False []"]
    bare = site.succeeds(script.replace("vllm.logger.configure_logging()", ""))
    assert (bare.stdout, bare.stderr) == ("True []\n", "")


# The registry


def test_what_a_plugin_prints_does_not_disturb_an_inspection(site):
    site.model("FxModel", top="print('[[]] importing')")
    assert site.succeeds("print(inspect('FxModel'))").stdout == "FxModel FxModel True\n"


def test_a_class_in_a_package_file_is_known_by_the_whole_package(site):
    site.module("top/pack/base", "class Model:\n    supports_pp = False")
    site.module("top/__init__", "")
    site.module("top/pack/__init__", "from top.pack.base import Model")
    site.plugin("a", "ModelRegistry.register_model('FxModel', 'top.pack:Model')")
    assert site.succeeds("print(inspect('FxModel'))").stdout == "Model FxModel False\n"
    assert (site.folder / "cache/modelinfos/top-pack-Model.json").exists()
    site.module("top/pack/base", "class Model:\n    supports_pp = True")
    assert site.succeeds("print(inspect('FxModel'))").stdout == "Model FxModel True\n"


def test_a_cache_that_is_broken_or_cannot_be_written_does_no_harm(site):
    site.model("FxModel")
    file = site.folder / "cache/modelinfos/the_model-FxModel.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert site.succeeds("print(inspect('FxModel'))").stdout == "FxModel FxModel True\n"
    blocked = site.folder / "calls/cache"  # Below a file no folder can be made.
    out = site.succeeds("print(inspect('FxModel'))", VLLM_CACHE_ROOT=str(blocked))
    assert out.stdout == "FxModel FxModel True\n"


def test_inspecting_an_in_tree_architecture_names_the_module_that_is_missing(site):
    out = site.fails("inspect('LlamaForCausalLM')")
    assert "the fixture engine has no vllm.model_executor.models.llama" in out.stderr


# What is lacking


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import vllm.config", "vllm.config"),
        ("import vllm.v1.engine.core", "vllm.v1.engine"),
        ("from vllm.reasoning import ReasoningParserManager", "vllm.reasoning"),
        ("from vllm import LLM", "vllm.LLM"),
        ("from vllm import envs", "vllm.envs"),
        ("vllm.envs", "vllm.envs"),
        ("from vllm.confg import VllmConfig", "vllm.confg"),
        ("from vllm.model_executor import layers", "vllm.model_executor.layers"),
        ("from vllm.plugins import io_processors", "vllm.plugins.io_processors"),
        ("from vllm.logger import init_loger", "vllm.logger.init_loger"),
        ("__import__('vllm.reasoning')", "vllm.reasoning"),
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


def test_what_is_lacking_is_an_import_error_for_whom_has_another_way(site):
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


def test_that_the_engine_runs_no_models_is_not_noted(site):
    site.model("FxModel", top="import vllm.config")
    notes = site.folder / "notes"
    out = site.fails("inspect('FxModel')", FIXTURE_ENGINE_NOTES=str(notes))
    assert "the fixture engine has no vllm.config" in out.stderr
    assert not notes.exists()


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_real_vllm_lacks_nothing_by_the_fixtures_doing(site, order):
    real = site.real_vllm()
    path = [real, FIXTURE] if order == "before" else [FIXTURE, real]
    for statement in ("import vllm.config", "from vllm import LLM"):
        out = site.run("-c", f"import vllm; {statement}", path=path)
        assert "fixture" not in out.stderr.splitlines()[-1]
        assert "Error: " in out.stderr


# The processes


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_every_process_of_an_engine_has_the_model(site, method):
    site.model("FxModel")
    options = ["--workers", "2", "--start-method", method, "--architecture", "FxModel"]
    out = site.run("-m", "vllm.fixture", *options)
    assert out.returncode == 0, out.stderr
    front_end, core, *workers = reports = json.loads(out.stdout)
    assert [report["role"] for report in reports] == [
        *("front end", "engine core", "worker 0", "worker 1")
    ]
    pids = [report["pid"] for report in reports]
    assert len(set(pids)) == 4
    assert core["parent_pid"] == front_end["pid"]
    assert [worker["parent_pid"] for worker in workers] == 2 * [core["pid"]]
    assert [report["start_method"] for report in reports] == [None, method, method, method]
    assert [report["plugins"] for report in reports] == 4 * [["model"]]
    owner = "the_model:FxModel"
    assert [report["architectures"] for report in reports] == 4 * [{"FxModel": owner}]
    assert [report["model_class"] for report in reports] == [owner, None, owner, owner]

    called_in = {int(r.split()[1]) for r in site.records if r.startswith("called")}
    imported_in = {int(r.split()[1]) for r in site.records if r.startswith("imported")}
    (inspector,) = imported_in - set(pids)
    assert imported_in == {inspector, *pids[2:]}
    # A forked child inherits what was registered; a spawned one registers anew.
    assert called_in == {inspector, *(pids if method == "spawn" else pids[:1])}


def test_a_class_and_an_overwritten_architecture_are_reported_with_their_owner(site):
    body = """
        class Model: pass
        ModelRegistry.register_model("FxModel", Model)
        ModelRegistry.register_model("LlamaForCausalLM", "mine:Mine")
    """
    site.plugin("a", body)
    (front_end, *_) = json.loads(site.run("-m", "vllm.fixture").stdout)
    assert front_end["architectures"] == {
        "FxModel": "plugin_a:register.<locals>.Model",
        "LlamaForCausalLM": "mine:Mine",
    }


def test_nothing_but_json_reaches_standard_output(site):
    site.plugin("a", "print('printed'); os.system('echo shouted')")
    out = site.run("-m", "vllm.fixture", VLLM_LOGGING_LEVEL="DEBUG")
    assert len(json.loads(out.stdout)) == 3
    assert (out.stderr.count("printed\n"), out.stderr.count("shouted\n")) == (3, 3)
    # The front end configures logging only after it has loaded the plugins.
    assert out.stderr.count("Available plugins for group vllm.general_plugins:") == 2
    assert "(EngineCore pid=" in out.stderr
    assert "(VllmWorker-0 pid=" in out.stderr


@pytest.mark.parametrize(
    ("process", "action", "cause", "code"),
    [
        ("EngineCore", "raise OSError('broken here')", "OSError: broken here", 1),
        ("VllmWorker-1", "raise OSError('broken here')", "OSError: broken here", 1),
        ("EngineCore", "os._exit(0)", "", 0),
        ("VllmWorker-1", "os._exit(7)", "", 7),
    ],
)
def test_a_process_that_fails_to_start_fails_the_engine(site, process, action, cause, code):
    site.plugin("a", f"if multiprocessing.current_process().name == {process!r}: {action}")
    out = site.run("-m", "vllm.fixture", "--workers", "2")
    assert (out.returncode, out.stdout) == (1, "")
    assert cause in out.stderr
    failed = f"See root cause above. Failed proc(s): { ({process: code}) }\n"
    assert f"initialization failed. {failed}" in out.stderr
    core_code = code if process == "EngineCore" else 1
    assert out.stderr.splitlines()[-1] == (
        "RuntimeError: Engine core initialization failed. See root cause above. "
        f"Failed proc(s): { ({'EngineCore': core_code}) }"
    )


def test_a_model_that_only_workers_cannot_load_fails_the_engine(site):
    site.model("FxModel", top="if 'Worker' in multiprocessing.current_process().name: 1 / 0")
    out = site.run("-m", "vllm.fixture", "--architecture", "FxModel")
    assert out.returncode == 1
    assert "Error in loading model architecture 'FxModel'" in out.stderr
    assert "ZeroDivisionError" in out.stderr
    assert "Failed proc(s): {'VllmWorker-0': 1}" in out.stderr


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_worker_that_hangs_is_ended_with_the_others(site, method):
    # The model is loaded in each worker, forked or not; the plugin runs in the spawned ones only.
    site.model(
        "FxModel",
        top="""
            if "Worker" in multiprocessing.current_process().name:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                record(f"hangs {os.getpid()}")
                time.sleep(600)
        """,
    )
    settings = f"workers=2, start_method={method!r}, architecture='FxModel', seconds=5"
    out = site.fails(f"from vllm.fixture import start_engine; start_engine({settings})")
    assert "Failed proc(s): {'VllmWorker-0': None}" in out.stderr
    assert out.stderr.splitlines()[-1].endswith("Failed proc(s): {'EngineCore': 1}")
    hung = [int(record.split()[1]) for record in site.records if record.startswith("hangs")]
    assert hung
    assert not [pid for pid in hung if Path(f"/proc/{pid}").exists()]


def test_an_engine_core_that_hangs_is_ended_too(site):
    site.plugin(
        "a",
        """
        if multiprocessing.current_process().name == "EngineCore":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            record(f"{os.getpid()}")
            time.sleep(600)
        """,
    )
    out = site.fails("from vllm.fixture import start_engine; start_engine(seconds=2)")
    assert out.stderr.splitlines()[-1].endswith("Failed proc(s): {'EngineCore': None}")
    (hung,) = site.records
    assert not Path(f"/proc/{hung}").exists()


def test_an_engine_starts_from_a_script_and_from_pytest(site):
    site.module(
        "test_it",
        """
        from vllm.fixture import start_engine
        def test_it():
            for method in "spawn", "fork":
                assert len(start_engine(start_method=method)) == 3
        if __name__ == "__main__":
            test_it()
        """,
    )
    script = str(site.folder / "site/test_it.py")
    for command in [script], ["-m", "pytest", "-q", "-p", "no:cacheprovider", script]:
        out = site.run(*command)
        assert out.returncode == 0, out.stdout + out.stderr


@pytest.mark.parametrize(
    "option", [["--workers", "0"], ["--workers", "x"], ["--start-method", "f"]]
)
def test_wrong_options_are_refused(site, option):
    out = site.run("-m", "vllm.fixture", *option)
    assert (out.returncode, out.stdout) == (2, "")
    assert f"error: argument {option[0]}: invalid" in out.stderr


# Real vLLM and real transformers


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


def test_a_mere_folder_called_vllm_is_no_vllm(site):
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


# The files


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


# What VLLM_PLUGINS lets in, to the letter


@pytest.mark.parametrize(
    ("value", "loaded"),
    [
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        ("b,a", ["a", "b"]),
        ("a,a", ["a"]),
        (",a,", ["a"]),
        ("a ", []),
        (" a", []),
        ("a\t", []),
        ("a\n", []),
        ("a,b ", ["a"]),
        ("a ,b", ["b"]),
        ("A,B", []),
        ("a;b", []),
        ("a b", []),
        ("*", []),
        ("all", []),
        ("ab", []),
        (",", []),
        ("", []),
    ],
)
def test_vllm_plugins_is_compared_name_by_name_as_it_stands(site, value, loaded):
    for name in "ab":
        site.plugin(name, f"record({name!r})")
    site.succeeds("load_general_plugins()", VLLM_PLUGINS=value)
    assert site.records == loaded


# What is logged, and how


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (None, ["INFO", "WARNING", "ERROR"]),
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("debug", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("WARNING", ["WARNING", "ERROR"]),
        ("ERROR", ["ERROR"]),
    ],
)
def test_the_level_of_the_log_is_a_setting_and_info_without_it(site, level, shown):
    script = """
        # Twice, as by a child that is forked from one that has done so.
        vllm.logger.configure_logging()
        vllm.logger.configure_logging()
        logger = vllm.logger.init_logger("vllm.mine")
        for name in ("debug", "info", "warning", "error"):
            getattr(logger, name)("said")
    """
    settings = {} if level is None else {"VLLM_LOGGING_LEVEL": level}
    lines = site.succeeds(script, **settings).stdout.splitlines()
    form = r"\(MainProcess pid=\d+\) ([A-Z]+) \d\d-\d\d \d\d:\d\d:\d\d \[<string>:\d+\] said"
    matches = [re.fullmatch(form, line) for line in lines]
    assert [match and match[1] for match in matches] == shown, lines


# Where the registry looks


def test_the_in_tree_architectures_have_the_modules_that_vllm_has_for_them(site):
    script = """
        for name, entry in ModelRegistry.models.items():
            print(name, entry.module_name, entry.class_name)
    """
    assert site.succeeds(script).stdout.splitlines() == [
        f"{name}ForCausalLM vllm.model_executor.models.{name.lower()} {name}ForCausalLM"
        for name in ("Llama", "Mistral", "Qwen3")
    ]


def test_without_a_setting_the_cache_is_in_the_home_folder(site):
    site.model("FxModel")
    script = "del os.environ['VLLM_CACHE_ROOT']; print(inspect('FxModel'))"
    site.succeeds(script, HOME=str(site.folder / "home"))
    assert (site.folder / "home/.cache/vllm/modelinfos/the_model-FxModel.json").exists()
    assert not (site.folder / "cache").exists()


@pytest.mark.parametrize(
    ("module", "cause"),
    [
        ("nowhere", "No module named 'nowhere'"),
        ("nowhere.model", "No module named 'nowhere'"),
        ("a_folder", "module 'a_folder' has no attribute 'Model'"),
        ("os.path.model", "No module named 'os.path.model'"),
    ],
)
def test_a_module_without_a_file_is_inspected_and_its_error_is_told(site, module, cause):
    (site.folder / "site/a_folder").mkdir(parents=True)
    site.plugin("a", f"ModelRegistry.register_model('FxModel', '{module}:Model')")
    # What was noted of a module without a file says nothing of the one that is there now.
    note = site.folder / f"cache/modelinfos/{module.replace('.', '-')}-Model.json"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"hash": None, "modelinfo": {"architecture": "old"}}))
    out = site.fails("inspect('FxModel')")
    assert cause in out.stderr
    assert out.stderr.splitlines()[-1].endswith("Please check the logs for more details.")


def test_what_was_noted_of_a_model_is_read_and_not_asked_again(site):
    site.model("FxModel")
    site.succeeds("inspect('FxModel')")
    [note] = (site.folder / "cache/modelinfos").iterdir()
    noted = json.loads(note.read_text())
    assert noted["modelinfo"] == {"architecture": "FxModel", "supports_pp": True}
    note.write_text(json.dumps(noted | {"modelinfo": {"architecture": "Noted", "supports_pp": 1}}))
    assert site.succeeds("print(inspect('FxModel'))").stdout == "Noted FxModel 1\n"
    # That of another source is no answer, and is written anew.
    note.write_text(json.dumps(noted | {"hash": "another"}))
    assert site.succeeds("print(inspect('FxModel'))").stdout == "FxModel FxModel True\n"
    assert json.loads(note.read_text()) == noted


@pytest.mark.parametrize("group", ["vllm.general_plugins", "vllm.platform_plugins"])
@pytest.mark.parametrize(
    ("error", "survives"),
    [
        ("ImportError()", True),
        ("Exception()", True),
        ("RecursionError()", True),
        ("SystemExit(3)", False),
        ("KeyboardInterrupt()", False),
        ("BaseException('panic')", False),
    ],
)
def test_only_an_exception_is_survived_when_a_plugin_is_imported(site, group, error, survives):
    site.plugin("a", "", top=f"raise {error}", group=group)
    site.plugin("b", "", group=group)
    script = f"print(list(load_plugins_by_group({group!r})))"
    out = site.run("-c", PRELUDE + script)
    assert (out.returncode == 0) is survives, out.stderr
    assert out.stdout == ("['b']\n" if survives else "")


@pytest.mark.parametrize("error", ["OSError('x')", "SystemExit(3)", "BaseException('x')"])
def test_what_a_plugin_raises_when_it_is_called_is_not_survived(site, error):
    site.plugin("a", f"raise {error}")
    site.plugin("b", "record('b')")
    out = site.run("-c", PRELUDE + "load_general_plugins()")
    assert out.returncode != 0
    assert site.records == []


# Helpers

PRELUDE = """
import os, sys
import vllm, vllm.logger, vllm.plugins
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins, load_plugins_by_group

def inspect(architectures):
    load_general_plugins()
    info, name = ModelRegistry.inspect_model_cls(architectures)
    return f"{info.architecture} {name} {info.supports_pp}"
"""

PLUGIN = """
import multiprocessing, os, signal, time
from recorder import record
{top}
def register():
    from vllm import ModelRegistry
{body}
"""


@dataclass
class Site:
    """A folder of plugins and the processes that see it and the fixture, but nothing else."""

    folder: Path
    found: list[Path] = field(default_factory=list)

    @property
    def records(self) -> list[str]:
        """What was recorded so far, by all processes, in order."""
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def module(self, name: str, text: str) -> None:
        file = self.folder / "site" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))

    def plugin(self, name, body, top="", group="vllm.general_plugins", package=None) -> None:
        """A distribution with one plugin, whose function has ``body`` and whose module ``top``."""
        package = package or f"plugin_{name}"
        body = indent(dedent(body) + "\npass", "    ")
        self.module(package, PLUGIN.format(top=dedent(top), body=body))
        # A folder each, for within one folder the order of discovery is up to the file system.
        metadata = self.folder / "found" / package / f"{package}.dist-info"
        metadata.mkdir(parents=True)
        self.found.append(metadata.parent)
        text = f"Metadata-Version: 2.1\nName: dist-of-{name}-{package}\nVersion: 1\n"
        (metadata / "METADATA").write_text(text)
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {package}:register\n")

    def model(self, name, base="object", body="supports_pp = True", top="") -> None:
        """A plugin that registers the_model:``name`` lazily; both record where they run."""
        head = "import multiprocessing, os, signal, time\nfrom recorder import record\n"
        head += "record(f'imported {os.getpid()}')\n"
        self.module("the_model", f"{head}{dedent(top)}\nclass {name}({base}):\n    {body}\n")
        if not (self.folder / "site/plugin_model.py").exists():
            called = "record(f'called {os.getpid()}')"
            lazy = f"ModelRegistry.register_model({name!r}, 'the_model:{name}')"
            self.plugin("model", f"{called}\n{lazy}")

    def real_vllm(self) -> Path:
        """A folder with a package that passes for the real vllm."""
        package = self.folder / "real/vllm"
        (package / "plugins").mkdir(parents=True)
        (package / "__init__.py").write_text("__version__ = 'real'")
        (package / "plugins/__init__.py").write_text("who = 'real'")
        return package.parent

    def run(self, *arguments, path=(FIXTURE,), **environment) -> subprocess.CompletedProcess:
        return result_of(
            sys.executable,
            *arguments,
            env={
                **{name: value for name, value in os.environ.items() if name[:5] != "VLLM_"},
                "PYTHONPATH": os.pathsep.join(map(str, [*path, self.folder / "site", *self.found])),
                "PYTHONDONTWRITEBYTECODE": "1",
                "VLLM_CACHE_ROOT": str(self.folder / "cache"),
                **environment,
            },
            cwd=self.folder,
            limit=60,
        )

    def succeeds(self, script: str, **environment) -> subprocess.CompletedProcess:
        out = self.run("-c", PRELUDE + dedent(script), **environment)
        assert out.returncode == 0, out.stderr
        return out

    def fails(self, script: str, **environment) -> subprocess.CompletedProcess:
        out = self.run("-c", PRELUDE + dedent(script), **environment)
        assert out.returncode == 1, out.stdout + out.stderr
        return out


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    # One write, so that the lines of several processes never mix.
    site.module(
        "recorder",
        f"""
        import os

        def record(what):
            file = os.open({str(tmp_path / "calls")!r}, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
            os.write(file, f"{{what}}\\n".encode())
            os.close(file)
        """,
    )
    return site
