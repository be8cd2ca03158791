"""vLLM makes the layer in place of its own, and what a model puts out stays the same."""

from types import SimpleNamespace

import pytest

from {{ cookiecutter.package_name }} import layer
{{ import_from(cookiecutter.package_name ~ ".layer", [class_of("layer_swap")]) }}

STEPS = 32
PATH = "{{ cookiecutter.package_name }}.layer:{{ class_of("layer_swap") }}"


@pytest.fixture
def arithmetic(monkeypatch):
    """Let the arithmetic return its own name, and what it is given."""
    for name in ("rms_norm", "add_and_rms_norm"):
        monkeypatch.setattr(layer, name, lambda *given, name=name: (name, *given))


def made(**settings) -> SimpleNamespace:
    """Return what stands for a layer that vLLM has made: its attributes alone."""
    stated = {"has_weight": True, "weight": "w", "variance_epsilon": 0.5}
    return SimpleNamespace(**stated | {"variance_size_override": None} | settings)


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        ({}, ("w", 0.5, None)),
        ({"variance_size_override": 3}, ("w", 0.5, 3)),
        # Then vLLM keeps a tensor of ones in its place.
        ({"has_weight": False}, (None, 0.5, None)),
    ],
)
def test_the_arithmetic_gets_the_weight_and_the_settings(arithmetic, settings, given):
    forward = {{ class_of("layer_swap") }}.forward_native
    assert forward(made(**settings), "x") == ("rms_norm", "x", *given)
    assert forward(made(**settings), "x", "r") == ("add_and_rms_norm", "x", "r", *given)


@pytest.mark.parametrize("method", ["forward_cuda", "forward_cpu", "forward_xpu"])
def test_every_platform_computes_what_the_compiler_sees(method):
    standing = made(forward_native=lambda *given: given)
    forward = getattr({{ class_of("layer_swap") }}, method)
    assert forward(standing, "x", "r") == ("x", "r")
    assert forward(standing, "x") == ("x", None)


def platforms_method() -> str:
    """Return the name of the method that runs on this platform."""
    from vllm.platforms import current_platform

    platform = "hip" if current_platform.is_rocm() else current_platform.device_type
    return f"forward_{platform}"


@pytest.mark.real_vllm
@pytest.mark.parametrize(
    ("custom_ops", "compiled"),
    [
        (["all"], False),
        (["none"], True),
        (["none", "+RMSNorm"], False),
        # What vLLM calls its own.
        (["none", "+rms_norm"], True),
        (["all", "-RMSNorm"], True),
    ],
    ids=str,
)
def test_custom_ops_names_it_by_vllms_class(custom_ops, compiled):
    from vllm.config import CompilationConfig, VllmConfig, set_current_vllm_config

    from {{ cookiecutter.package_name }} import register

    register()
    config = VllmConfig(compilation_config=CompilationConfig(custom_ops=custom_ops))
    with set_current_vllm_config(config):
        made = {{ class_of("layer_swap") }}(8)
    method = "forward_native" if compiled else platforms_method()
    assert made._forward_method.__name__ == method


@pytest.mark.real_vllm
@pytest.mark.parametrize("with_residual", [False, True])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 1e-5), ("bfloat16", 1e-2), ("float16", 2e-3)]
)
@pytest.mark.parametrize("settings", [{}, {"has_weight": False}, {"var_hidden_size": 16}], ids=str)
def test_it_computes_what_vllms_layer_does(monkeypatch, dtype, tolerance, with_residual, settings):
    import torch
    from vllm.config import VllmConfig, set_current_vllm_config
    from vllm.model_executor.custom_op import op_registry_oot
    from vllm.model_executor.layers.layernorm import RMSNorm

    monkeypatch.delitem(op_registry_oot, "RMSNorm", raising=False)
    torch.manual_seed(0)
    values = torch.randn(3, 5, 64).to(getattr(torch, dtype))
    weight = torch.randn(64).to(values.dtype)
    ours, results = {{ class_of("layer_swap") }}, []
    with set_current_vllm_config(VllmConfig()), torch.no_grad():
        for layer_class in (RMSNorm, ours):
            made = layer_class(64, eps=0.1, dtype=values.dtype, **settings)
            assert type(made) is layer_class
            made.weight.data.copy_(weight)
            # vLLM's may write into what it is given.
            found = made.forward_native(*values[: 1 + with_residual].clone())
            results.append(torch.stack(found) if with_residual else found)
    theirs, ours = results
    assert ours.dtype is theirs.dtype
    assert torch.allclose(ours.float(), theirs.float(), rtol=tolerance, atol=tolerance)


# Both ways in which vLLM runs, and the method that it takes in each.
@pytest.fixture(scope="module", params=[False, True], ids=["compiled", "eager"])
def generated(request, tmp_path_factory):
    """Return the tokens for each prompt, of vLLM and of HF, and what layers there are."""
    from small_llama import PROMPTS, greedy_in_hf, run_in_vllm, save_checkpoint

    folder = tmp_path_factory.mktemp("checkpoint")
    model = save_checkpoint(folder)
    expected = [greedy_in_hf(model, prompt, STEPS) for prompt in PROMPTS]
    with pytest.MonkeyPatch.context() as patch:
        # To count the layers in the worker.
        patch.setenv("VLLM_ALLOW_INSECURE_SERIALIZATION", "1")
        actual, layers = run_in_vllm(folder, STEPS, enforce_eager=request.param)
    return actual, expected, layers, request.param


@pytest.mark.real_vllm
def test_every_norm_of_a_model_is_replaced(generated):
    from small_llama import NORMS

    *_, layers, eager = generated
    method = platforms_method() if eager else "forward_native"
    # The class may have a name that does not say that it is a norm.
    norms = {key: count for key, count in layers.items() if key[0] == PATH or "Norm" in key[0]}
    assert norms == {(PATH, method): NORMS}


@pytest.mark.real_vllm
def test_tokens_are_those_of_hugging_face(generated):
    actual, expected, *_ = generated
    assert actual == expected
