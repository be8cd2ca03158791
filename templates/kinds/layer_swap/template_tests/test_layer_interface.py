"""vLLM makes each layer in about.py in place of its own class, and can do so as it would its own."""

import subprocess
import sys
from importlib import import_module

import pytest
from vllm.model_executor.custom_op import CustomOp, PluggableLayer, op_registry_oot

{{ import_from(cookiecutter.package_name, ["_layers", "about", "register"]) }}
{{ import_from(cookiecutter.package_name ~ "._doctor", ["layers as doctor"]) }}


def replaced(name: str) -> tuple[type, type]:
    """Return the class of this package, and that of vLLM's which it replaces."""
    register()
    replacement = op_registry_oot[name]
    [original] = [base for base in replacement.__mro__[1:] if base.__name__ == name]
    return replacement, original


@pytest.mark.parametrize("name", about.LAYERS)
def test_the_class_inherits_from_the_one_that_it_replaces(name):
    replacement, original = replaced(name)
    module, _, class_name = about.LAYERS[name].partition(":")
    assert replacement is getattr(import_module(f".{module}", about.__package__), class_name)
    assert original.__module__.startswith("vllm.")
    assert issubclass(original, (CustomOp, PluggableLayer))


@pytest.mark.parametrize("name", about.LAYERS)
def test_no_method_is_left_to_vllm_and_each_takes_what_vllm_gives(name):
    """What the doctor looks at in the environment of a user."""
    replacement, original = replaced(name)
    assert list(doctor.look_at_methods("it", replacement, original)) == []


@pytest.mark.parametrize("name", about.LAYERS)
def test_vllm_makes_it_in_place_of_its_own(name):
    replacement, original = replaced(name)
    # __new__ alone: what __init__ takes differs from layer to layer.
    assert type(original.__new__(original)) is replacement


@pytest.mark.parametrize("name", about.LAYERS)
def test_a_refusal_that_leaves_the_place_empty_is_logged(monkeypatch, log, name):
    def refuse(*given, **named):
        raise AssertionError("refused")

    for base in (CustomOp, PluggableLayer):
        monkeypatch.setattr(base, "register_oot", refuse)
    register()
    errors = [record.exc_info[1] for record in log]
    assert [str(error) for error in errors] == ["refused"] * len(about.LAYERS)
    assert name not in op_registry_oot


@pytest.mark.parametrize("name", about.LAYERS)
def test_a_thread_that_is_faster_is_no_failure(monkeypatch, log, name):
    replacement, _ = replaced(name)
    # As if it had registered between the look and the registration.
    _layers.replace(name, about.LAYERS[name])
    assert op_registry_oot[name] is replacement
    assert log == []


STARTS_NO_CUDA = """
import torch, vllm
import {{ cookiecutter.package_name }} as plugin

def start():
    raise RuntimeError("it starts CUDA")

torch.cuda._lazy_init = start
plugin.register()
"""


@pytest.mark.real_vllm
def test_register_starts_no_cuda(monkeypatch):
    """It imports the layers' modules, and a process that is forked later could not start CUDA."""
    monkeypatch.setenv("STRICT_VLLM_PLUGINS", "1")
    command = [sys.executable, "-c", STARTS_NO_CUDA]
    result = subprocess.run(command, timeout=300, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
