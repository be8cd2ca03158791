"""The model generates what the one in reference.py does when the same tokens are suppressed."""

import pytest

pytestmark = pytest.mark.real_vllm
STEPS = 32
SUPPRESSED = tuple(range(64))


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Return tokens and logprobs for each prompt: vLLM's, HF's, and HF's without the change."""
    from _template.tiny_checkpoint import greedy_in_hf, greedy_in_vllm, save_checkpoint
    from reference import PROMPTS

    folder = tmp_path_factory.mktemp("checkpoint")
    model = save_checkpoint(folder, tie_word_embeddings=True, suppressed_token_ids=SUPPRESSED)
    expected = [greedy_in_hf(model, prompt, STEPS, SUPPRESSED) for prompt in PROMPTS]
    unchanged = [greedy_in_hf(model, prompt, STEPS) for prompt in PROMPTS]
    return greedy_in_vllm(folder, PROMPTS, STEPS), expected, unchanged


def test_tokens_are_those_of_hugging_face(generated):
    actual, expected, _ = generated
    assert [tokens for tokens, _ in actual] == [tokens for tokens, _ in expected]


def test_logprobs_are_those_of_hugging_face(generated):
    actual, expected, _ = generated
    for (_, actual_logprobs), (_, expected_logprobs) in zip(actual, expected, strict=True):
        assert actual_logprobs == pytest.approx(expected_logprobs, abs=1e-3)


def test_the_change_shows_in_the_output(generated):
    actual, _, unchanged = generated
    changed = {token for tokens, _ in actual for token in tokens}
    before = {token for tokens, _ in unchanged for token in tokens}
    assert before & set(SUPPRESSED)
    assert changed & set(SUPPRESSED) == set()


def test_vllm_sees_what_the_model_can_do():
    from vllm.model_executor.models import interfaces, interfaces_base

    from {{ cookiecutter.package_name }} import model

    model_class = model.{{ class_of("model") }}
    assert interfaces_base.is_text_generation_model(model_class)
    assert interfaces.supports_pp(model_class)
    assert interfaces.supports_lora(model_class)
