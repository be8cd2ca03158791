"""What goes wrong around plugins, and what an operator sees of it.

Each case breaks something for real, asserts what is said below it, and returns the line that an
operator sees, "" if there is none. OUR_PLUGIN is a folder with a rendered plugin, as installed.
"""

import importlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from case_site import FIXTURE, Site, error_of, inspect, join, resolve
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins

CASES: dict[str, Callable] = {}
OURS, NAME, ARCHITECTURE = Path(os.environ["OUR_PLUGIN"]), "vllm_my_model", "MyModelForCausalLM"
LLAMA = "LlamaForCausalLM"
FAILED = "failed to be inspected. Please check the logs for more details."
REGISTER = f"ModelRegistry.register_model({ARCHITECTURE!r}, 'other:Other')"


TOLD = {True: "yes", False: "no", None: "nothing to tell"}


class Skipped(Exception):
    """The fixture engine runs no models; what needs one is shown on real vLLM only."""


def fault(vllm: str, plugin: str, told: bool | None):
    """Declare what vLLM does, what a plugin of this template adds, and if the cause is told.

    ``told`` is None where nothing is wrong after all.
    """

    def declare(case):
        CASES[case.__name__] = case
        case.facts = {"vLLM": vllm, "the plugin adds": plugin, "told": TOLD[told]}
        return case

    return declare


def install_ours(site: Site, file: str = "", old: str = "", new: str = "") -> Path:
    """Let this process find our plugin, with an edit in one of its files; return its folder."""
    folder = shutil.copytree(OURS, site.folder / "ours")
    if file:
        path = folder / NAME / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1))
    site.add_to_path(folder)
    return folder


def loud(site: Site) -> list[str]:
    """Return all that was logged above INFO, which is what an operator sees."""
    records = [record for record in site.log if record.levelno > logging.INFO]
    return [f"{record.levelname} {record.getMessage()}" for record in records]


def only(messages: list[str]) -> str:
    assert len(messages) == 1, messages
    return messages[0]


def last_error(result) -> str:
    """Return the last line of an output that gives an exception."""
    lines = (result.stdout + result.stderr).splitlines()
    signs = ("Error: ", "Value error, ", "not found")
    errors = [line for line in lines if any(sign in line for sign in signs)]
    assert errors, result.stdout + result.stderr
    return errors[-1]


# In register()


@fault("would lose every model", "goes on; logs cause and cure", told=True)
def our_register_raises(site):
    install_ours(site, "config.py", '"""', 'raise RuntimeError("broken on purpose")\n"""')
    load_general_plugins()
    assert ARCHITECTURE in ModelRegistry.get_supported_archs()
    message = only(loud(site))
    assert (
        "register_model_type('vllm_my_model', 'config:Config') failed with RuntimeError" in message
    )
    [record] = [record for record in site.log if record.levelname == "ERROR"]
    assert str(record.exc_info[1]) == "broken on purpose"
    return message


@fault("loses every model, of all plugins", "nothing: it is not asked", told=True)
def another_plugins_register_raises(site):
    site.plugin("a", "raise OSError('a is broken')")
    install_ours(site)
    error = error_of(load_general_plugins)
    assert ARCHITECTURE not in ModelRegistry.get_supported_archs()
    return repr(error)


@fault("is called with a lazy string that it refuses", "goes on; logs cause and cure", told=True)
def our_lazy_string_has_no_colon(site):
    install_ours(site, "about.py", '"model:', '"model.')
    load_general_plugins()
    message = only(loud(site))
    assert re.search(r"register_architecture\(.+\) failed with ValueError", message)
    return message


@fault("loses every model, of all plugins", "nothing: it is not asked", told=True)
def another_plugins_lazy_string_has_no_colon(site):
    site.plugin("a", "ModelRegistry.register_model('A', 'module.A')")
    install_ours(site)
    error = error_of(load_general_plugins)
    assert ARCHITECTURE not in ModelRegistry.get_supported_archs()
    return repr(error)


@fault("calls it in each thread", "registers once", told=None)
def register_is_called_from_16_threads(site):
    install_ours(site)
    register = importlib.import_module(NAME).register
    threads = [Thread(target=register) for _ in range(16)]
    for thread in threads:
        thread.start()
    join(threads)
    assert ModelRegistry.models[ARCHITECTURE].module_name == f"{NAME}.model"
    assert loud(site) == []
    return ""


# The model


def message_of_loading(site) -> str:
    load_general_plugins()
    assert str(error_of(resolve, ARCHITECTURE)).endswith(FAILED)
    [record] = [record for record in site.log if record.levelname == "ERROR"]
    return f"ERROR {record.getMessage()} … {record.exc_info[1]!r}"


@fault("fails for this model only", "nothing: its module is not imported yet", told=True)
def the_model_module_cannot_be_imported(site):
    folder = install_ours(site)
    (folder / NAME / "model.py").write_text("import nowhere\n")
    message = message_of_loading(site)
    assert "No module named 'nowhere'" in message
    return message


@fault("fails for this model only", "nothing: its module is not imported yet", told=True)
def the_model_class_is_missing(site):
    folder = install_ours(site)
    (folder / NAME / "model.py").write_text("")
    message = message_of_loading(site)
    assert f"has no attribute '{ARCHITECTURE}'" in message
    return message


# Names


@fault("keeps whatever was registered last", "leaves vLLM's own; warns and names it", told=True)
def our_architecture_is_in_tree(site):
    install_ours(site, "about.py", ARCHITECTURE, LLAMA)
    load_general_plugins()
    assert ModelRegistry.models[LLAMA].module_name == "vllm.model_executor.models.llama"
    message = only(loud(site))
    assert "already belongs to vllm.model_executor.models.llama:LlamaForCausalLM" in message
    return message


@fault("keeps whatever was registered last", "leaves the other; warns and names it", told=True)
def another_plugin_has_our_architecture_and_comes_first(site):
    site.plugin("other", REGISTER)
    install_ours(site)
    load_general_plugins()
    message = only(loud(site))
    assert "already belongs to other:Other" in message
    return message


@fault("keeps whatever was registered last, at DEBUG", "nothing: the doctor can tell", told=False)
def another_plugin_has_our_architecture_and_comes_later(site):
    install_ours(site)
    site.plugin("other", REGISTER)
    load_general_plugins()
    assert ModelRegistry.models[ARCHITECTURE].module_name == "other"
    assert loud(site) == []
    return ""


@fault("runs the one found last, at no level", "nothing: the doctor can tell", told=False)
def another_package_has_our_plugin_name(site):
    install_ours(site)
    site.plugin(NAME, "record('other')", package="other")
    load_general_plugins()
    assert site.records == ["other"]
    assert ARCHITECTURE not in ModelRegistry.get_supported_archs()
    assert loud(site) == []
    return ""


@fault("reads the stale one, and finds no plugin", "nothing: the doctor can tell", told=False)
def a_stale_egg_info_is_in_front(site):
    stale = site.folder / "stale"
    (stale / f"{NAME}.egg-info").mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 0\n"
    (stale / f"{NAME}.egg-info" / "PKG-INFO").write_text(text)
    site.add_to_path(stale)
    install_ours(site)
    return message_when_not_loaded(site)


def message_when_not_loaded(site) -> str:
    load_general_plugins()
    assert loud(site) == []
    message = str(error_of(resolve, ARCHITECTURE))
    start = f"Model architectures ['{ARCHITECTURE}'] are not supported for now."
    assert message.startswith(start)
    return f"ValueError: {start} Supported architectures: …"


# VLLM_PLUGINS


@fault("loads all", "registers", told=None)
def vllm_plugins_is_not_set(site):
    install_ours(site)
    load_general_plugins()
    assert ARCHITECTURE in ModelRegistry.get_supported_archs()
    return ""


def message_with(site, value: str) -> str:
    install_ours(site)
    os.environ["VLLM_PLUGINS"] = value
    return message_when_not_loaded(site)


@fault("loads none", "nothing: the doctor can tell", told=False)
def vllm_plugins_is_empty(site):
    return message_with(site, "")


@fault("loads none", "nothing: the doctor can tell", told=False)
def vllm_plugins_is_all(site):
    return message_with(site, "all")


@fault("drops the name after the space", "nothing: the doctor can tell", told=False)
def vllm_plugins_has_a_space_after_the_comma(site):
    return message_with(site, f"other, {NAME}")


@fault("loads the other only", "nothing: the doctor can tell", told=False)
def vllm_plugins_names_another_plugin(site):
    return message_with(site, "other")


# The checkpoint


@fault("refuses, and lists the known ones", "nothing: no plugin has that name", told=True)
def config_json_has_an_unknown_architecture(site):
    install_ours(site)
    load_general_plugins()
    start = "Model architectures ['Unheard'] are not supported for now. Supported architectures:"
    message = str(error_of(resolve, "Unheard"))
    assert message.startswith(start)
    assert ARCHITECTURE in message
    return f"ValueError: {start} …"


@fault("stops in transformers, before any model code", "registers its own", told=True)
def config_json_has_an_unknown_model_type(site):
    from transformers import AutoConfig

    install_ours(site)
    load_general_plugins()
    assert AutoConfig.for_model(NAME).model_type == NAME
    message = str(error_of(AutoConfig.for_model, "unheard"))
    return f"ValueError: {message[:90]} …"


LOAD = """
import sys
from vllm import LLM
if __name__ == "__main__":
    LLM(sys.argv[1], dtype="float32", max_model_len=64, enforce_eager=True)
    print("it runs")
"""


def load_checkpoint(site, change, **settings):
    """Start our model in one process, on a checkpoint whose weights ``change`` has changed.

    ``settings`` are added to its config.json.
    """
    if FIXTURE:
        raise Skipped(Skipped.__doc__)
    from safetensors.torch import load_file, save_file

    install_ours(site)
    folder = shutil.copytree(site.checkpoint(), site.folder / "checkpoint")
    config = json.loads((folder / "config.json").read_text())
    names = {"architectures": [ARCHITECTURE], "model_type": NAME}
    (folder / "config.json").write_text(json.dumps(config | names | settings))
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    return site.python(LOAD, str(folder))


@fault("refuses, and names it", "nothing", told=True)
def the_checkpoint_lacks_a_norm(site):
    result = load_checkpoint(site, lambda weights: weights.pop("model.norm.weight"))
    assert result.returncode == 1, result.stdout
    assert "model.norm.weight" in last_error(result)
    return last_error(result)


def refused(site, change, *names: str) -> str:
    """Assert that the model refuses a checkpoint and names some weights; return the message."""
    result = load_checkpoint(site, change)
    assert result.returncode == 1, result.stdout
    message = last_error(result)
    assert all(name in message for name in names), message
    return message


DOWN, K = "model.layers.0.mlp.down_proj.weight", "model.layers.0.self_attn.k_proj.weight"
BIAS = "model.layers.0.self_attn.q_proj.bias"


@fault("runs with whatever is in memory", "refuses, and names it", told=True)
def the_checkpoint_lacks_a_linear_layer(site):
    return refused(site, lambda weights: weights.pop(DOWN), DOWN, "Cure:")


@fault("runs with whatever is in memory", "refuses, and names it", told=True)
def the_checkpoint_lacks_a_part_of_a_stacked_layer(site):
    return refused(site, lambda weights: weights.pop(K), K, "Cure:")


@fault("drops it", "refuses, and names it", told=True)
def the_checkpoint_has_a_bias_too_many(site):
    def add(weights):
        weights[BIAS] = weights["model.norm.weight"].repeat(2)[:128]

    return refused(site, add, BIAS, "Cure:")


@fault("leaves it to the model", "refuses, and names it", told=True)
def the_checkpoint_has_one_weight_too_many(site):
    def add(weights):
        weights["model.surplus.weight"] = weights["model.norm.weight"].clone()

    return refused(site, add, "surplus")


@fault("leaves it to the model", "refuses, and names it", told=True)
def config_json_has_a_setting_that_the_model_lacks(site):
    result = load_checkpoint(site, lambda weights: None, residual_multiplier=0.22)
    assert result.returncode == 1, result.stdout
    message = last_error(result)
    assert "residual_multiplier = 0.22" in message
    return message


@fault("keeps the old answer of an inspection", "nothing: the doctor can tell", told=False)
def the_capability_cache_is_stale(site):
    base = site.module("the_base", "class Base:\n    supports_pp = False\n")
    site.model(base="the_base.Base, Module", body="pass", top="import the_base")
    load_general_plugins()
    inspect("TheModel")
    base.write_text("class Base:\n    supports_pp = True\n")
    script = """
        import sys
        sys.path.append({folder!r})
        from case_site import inspect
        from vllm.plugins import load_general_plugins
        load_general_plugins()
        print(inspect("TheModel")[0].supports_pp)
    """
    result = site.python(script.format(folder=str(Path(__file__).parent)))
    assert result.stdout.splitlines()[-1] == "False"
    return ""


# Processes

KILL = """
import os, signal, sys, threading, time
from recorder import ROLE, record
from vllm import LLM, SamplingParams
if __name__ == "__main__":
    llm = LLM(sys.argv[1], dtype="float32", max_model_len=1024, enforce_eager=True)
    worker = int(open(sys.argv[2]).read())
    def kill():
        time.sleep(1)
        os.kill(worker, signal.SIGKILL)
    threading.Thread(target=kill).start()
    long = SamplingParams(max_tokens=1000, ignore_eos=True)
    llm.generate(["a"] * 64, long, use_tqdm=False)
    print("it finished")
"""


@fault("ends the engine", "nothing", told=True)
def a_worker_is_killed_in_mid_generation(site):
    if FIXTURE:
        raise Skipped(Skipped.__doc__)
    pid = site.folder / "worker"
    note = f"if ROLE == 'VllmWorker-0': open({str(pid)!r}, 'w').write(str(os.getpid()))"
    site.plugin("note", note)
    folder = shutil.copytree(site.checkpoint(), site.folder / "checkpoint")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 1024}))
    result = site.python(KILL, str(folder), str(pid))
    assert result.returncode == 1, result.stdout + result.stderr
    assert "it finished" not in result.stdout
    assert "VllmWorker-0 died unexpectedly" in result.stdout + result.stderr
    return last_error(result)


@fault("ends the engine", "nothing", told=True)
def a_worker_is_killed_while_it_starts(site):
    site.plugin("bad", "if ROLE == 'VllmWorker-0': os.kill(os.getpid(), 9)")
    result = site.start_engine()
    assert result.returncode == 1, result.stdout + result.stderr
    return last_error(result)
