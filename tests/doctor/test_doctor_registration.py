"""The doctor finds what register() fails to register, and who has the name instead."""

import pytest
from breaking import ARCHITECTURE, ENGINE, HEALTHY, MODEL_TYPE, NAME, another_plugin, append, edit

pytestmark = pytest.mark.xdist_group("doctor")


def test_register_raises(doctor, site):
    file = site / NAME / "config.py"
    append(file, 'raise RuntimeError("broken on purpose")\n')
    line = len(file.read_text().splitlines())
    wanted = f"register() of {NAME} raises RuntimeError: broken on purpose ({file}:{line})"
    doctor(site, ENGINE, expected=[("problem", wanted, f"repair {NAME}")], ok=3)


def test_register_of_another_plugin_raises(doctor, built, tmp_path):
    another_plugin(tmp_path / "others", tmp_path, "other", "raise OSError('I am broken')")
    wanted = "register() of other raises OSError: I am broken"
    expected = [("problem", wanted, "VLLM_PLUGINS")]
    doctor(built.site, tmp_path / "others", ENGINE, expected=expected, ok=3)


def test_the_architecture_is_in_tree(doctor, site):
    edit(site / NAME / "about.py", ARCHITECTURE, "LlamaForCausalLM")
    owner = "vllm.model_executor.models.llama:LlamaForCausalLM"
    wanted = f"The architecture LlamaForCausalLM belongs to {owner}."
    doctor(site, ENGINE, expected=[("problem", wanted, "choose another")], ok=5)


def test_another_plugin_has_the_architecture(doctor, built, tmp_path):
    body = f"ModelRegistry.register_model({ARCHITECTURE!r}, 'other:Other')"
    another_plugin(tmp_path / "others", tmp_path, "other", body)
    wanted = f"The architecture {ARCHITECTURE} belongs to other:Other."
    expected = [("problem", wanted, "keep its owner out by VLLM_PLUGINS")]
    for path in ([built.site, tmp_path / "others"], [tmp_path / "others", built.site]):
        doctor(*path, ENGINE, expected=expected, ok=5)


def test_a_register_that_registers_nothing(doctor, site):
    append(site / NAME / "__init__.py", "\n\ndef register():\n    pass\n")
    expected = [
        (
            "problem",
            f"register() does not register the architecture {ARCHITECTURE}.",
            "register it",
        ),
        ("problem", f"register() does not register the model_type {MODEL_TYPE}.", "register it"),
    ]
    doctor(site, ENGINE, expected=expected, ok=4)


NEEDS_VLLM = "    from vllm.tokenizers import TokenizerRegistry\n"
LACKS = "the fixture engine has no vllm.tokenizers: this needs a real vLLM."


def test_a_step_that_needs_a_real_vllm(doctor, site):
    append(site / NAME / "__init__.py", f"\n\ndef register_more():\n{NEEDS_VLLM}")
    step = "    attempt(register_more)\n    attempt(warn_if"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", step)
    wanted = f"register() of {NAME} was not run to its end: {LACKS}"
    expected = [("warning", wanted, "run this where a real vLLM is installed")]
    doctor(site, ENGINE, expected=expected, ok=HEALTHY - 1)


def test_an_architecture_that_needs_a_real_vllm(doctor, site):
    edit(
        site / NAME / "_models.py",
        "    from vllm import ModelRegistry\n",
        NEEDS_VLLM + "    from vllm import ModelRegistry\n",
    )
    expected = [
        ("warning", f"register() of {NAME} was not run to its end: {LACKS}", "real vLLM"),
        ("warning", f"register() does not register the architecture {ARCHITECTURE}.", "real vLLM"),
    ]
    doctor(site, ENGINE, expected=expected, ok=4)


def test_another_plugin_that_needs_a_real_vllm(doctor, built, tmp_path):
    another_plugin(tmp_path / "others", tmp_path, "other", NEEDS_VLLM.strip())
    wanted = f"register() of other was not run to its end: {LACKS}"
    real = "run this where a real vLLM is installed"
    expected = [
        ("warning", wanted, real),
        ("warning", f"(start method spawn) fails: vllm._lacking.NeedsRealVLLM: {LACKS[:-1]}", real),
    ]
    doctor(built.site, tmp_path / "others", ENGINE, expected=expected, ok=HEALTHY - 2)
