"""The model generates what the one in reference.py does with the same weights."""

import pytest

pytestmark = pytest.mark.real_vllm
STEPS = 32


# Both ways in which a checkpoint may hold the output layer, and both ways in which vLLM runs.
@pytest.fixture(
    scope="module",
    params=[
        pytest.param((False, False), id="untied-compiled"),
        pytest.param((True, True), id="tied-eager"),
    ],
)
def generated(request, tmp_path_factory):
    """Return the tokens and logprobs for each prompt, those of vLLM and those of HF."""
    from _template.tiny_checkpoint import greedy_in_hf, greedy_in_vllm, save_checkpoint
    from reference import PROMPTS

    tied, eager = request.param
    folder = tmp_path_factory.mktemp("checkpoint")
    model = save_checkpoint(folder, tie_word_embeddings=tied)
    expected = [greedy_in_hf(model, prompt, STEPS) for prompt in PROMPTS]
    return greedy_in_vllm(folder, PROMPTS, STEPS, enforce_eager=eager), expected


def test_tokens_are_those_of_hugging_face(generated):
    actual, expected = generated
    assert [tokens for tokens, _ in actual] == [tokens for tokens, _ in expected]


def test_logprobs_are_those_of_hugging_face(generated):
    actual, expected = generated
    for (_, actual_logprobs), (_, expected_logprobs) in zip(actual, expected, strict=True):
        assert actual_logprobs == pytest.approx(expected_logprobs, abs=1e-3)


def test_vllm_sees_what_the_model_can_do():
    from vllm.model_executor.models import interfaces, interfaces_base

    from {{ cookiecutter.package_name }} import model

    model_class = model.{{ class_of("model") }}
    assert interfaces_base.is_text_generation_model(model_class)
    assert interfaces.supports_pp(model_class)
    assert interfaces.supports_lora(model_class)
