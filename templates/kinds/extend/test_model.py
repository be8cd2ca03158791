"""The model generates what Hugging Face's Llama does when the same tokens are suppressed."""

import pytest

from {{ cookiecutter.package_name }} import about

pytestmark = pytest.mark.real_vllm
STEPS = 32
SUPPRESSED = tuple(range(64))


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Return the tokens for each prompt: vLLM's, HF's, and those of HF without the change."""
    from tiny_llama import PROMPTS, greedy_in_hf, greedy_in_vllm, save_checkpoint

    folder = tmp_path_factory.mktemp("checkpoint")
    reference = save_checkpoint(
        folder,
        tie_word_embeddings=True,
        architectures=[about.ARCHITECTURE],
        model_type=about.MODEL_TYPE,
        suppressed_token_ids=SUPPRESSED,
    )
    actual = [tokens for tokens, _ in greedy_in_vllm(folder, PROMPTS, STEPS)]
    expected = [greedy_in_hf(reference, prompt, STEPS, SUPPRESSED)[0] for prompt in PROMPTS]
    unchanged = [greedy_in_hf(reference, prompt, STEPS)[0] for prompt in PROMPTS]
    return actual, expected, unchanged


def test_tokens_are_those_of_hugging_face(generated):
    actual, expected, _ = generated
    assert actual == expected


def test_the_change_shows_in_the_output(generated):
    actual, _, unchanged = generated
    for actual_tokens, unchanged_tokens in zip(actual, unchanged, strict=True):
        assert set(unchanged_tokens) & set(SUPPRESSED)
        assert not set(actual_tokens) & set(SUPPRESSED)


def test_vllm_sees_what_the_model_can_do():
    from vllm.model_executor.models import interfaces, interfaces_base

    from {{ cookiecutter.package_name }} import model

    model_class = getattr(model, about.ARCHITECTURE)
    assert interfaces_base.is_text_generation_model(model_class)
    assert interfaces.supports_pp(model_class)
    assert interfaces.supports_lora(model_class)
