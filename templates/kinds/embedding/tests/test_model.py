"""The vectors are the hidden states of the model in reference.py, pooled and normalised."""

import gc

import pytest

pytestmark = pytest.mark.real_vllm


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """Return a vector [hidden_size] for each prompt, those of vLLM and those of HF."""
    import torch
    from _template.tiny_checkpoint import make_tokenizer, save_checkpoint
    from reference import PROMPTS
    from vllm import LLM

    folder = tmp_path_factory.mktemp("checkpoint")
    model = save_checkpoint(folder)
    expected = []
    for prompt in PROMPTS:
        tokens = torch.tensor([make_tokenizer()(prompt)["input_ids"]])
        with torch.no_grad():
            mean = model.base_model(tokens).last_hidden_state[0].mean(dim=0)
        expected.append(torch.nn.functional.normalize(mean, dim=0).tolist())

    llm = LLM(model=str(folder), runner="pooling", dtype="float32", max_model_len=128)
    actual = [output.outputs.embedding for output in llm.embed(PROMPTS, use_tqdm=False)]
    # Ends vLLM's processes. Left to the end of Python, they may keep it from ending.
    del llm
    gc.collect()
    return actual, expected


def test_vectors_are_those_of_hugging_face(embedded):
    actual, expected = embedded
    for actual_vector, expected_vector in zip(actual, expected, strict=True):
        assert actual_vector == pytest.approx(expected_vector, abs=1e-3)


def test_vectors_are_normalised_and_not_all_alike(embedded):
    actual, _ = embedded
    for vector in actual:
        assert sum(x * x for x in vector) == pytest.approx(1.0, abs=1e-5)
    assert max(abs(x - y) for x, y in zip(actual[0], actual[1], strict=True)) > 0.01


def test_vllm_sees_what_the_model_can_do():
    from vllm.model_executor.models import interfaces, interfaces_base

    from {{ cookiecutter.package_name }} import model

    model_class = model.{{ class_of("model") }}
    assert interfaces_base.is_pooling_model(model_class)
    assert interfaces.supports_pp(model_class)
    assert interfaces.supports_lora(model_class)
