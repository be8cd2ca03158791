"""The model says of an image what the one in reference.py does with the same weights."""

import gc

import pytest

pytestmark = pytest.mark.real_vllm
STEPS = 16
# RMSNorm undoes much of a mere factor, but not a change of sign.
IMAGE_SCALE = -1.0


def greedy_in_hf(model, processor, prompt, image) -> tuple[list[int], list[float]]:
    """Return STEPS greedy tokens after ``prompt`` with ``image``, and the logprob of each."""
    inputs = processor(images=image, text=prompt, return_tensors="pt")
    model.generation_config.eos_token_id = None  # go on, whatever comes
    options = {"do_sample": False, "return_dict_in_generate": True, "output_logits": True}
    output = model.generate(**inputs, max_new_tokens=STEPS, **options)
    logprobs = [float(logits[0].log_softmax(-1).max()) for logits in output.logits]
    return output.sequences[0, -STEPS:].tolist(), logprobs


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Return tokens and logprobs for each prompt: vLLM's, HF's, and HF's without the change."""
    import numpy
    import torch
    from _template.tiny_checkpoint import make_tokenizer, save_checkpoint
    from PIL import Image
    from reference import PROMPTS, make_processor
    from vllm import LLM, SamplingParams

    folder = tmp_path_factory.mktemp("checkpoint")
    model = save_checkpoint(folder, image_scale=IMAGE_SCALE)
    processor = make_processor(make_tokenizer())
    random = numpy.random.default_rng(0)
    images = [
        Image.fromarray(random.integers(0, 256, (28, 28, 3), dtype=numpy.uint8)) for _ in PROMPTS
    ]
    pairs = list(zip(PROMPTS, images, strict=True))
    unchanged = [greedy_in_hf(model, processor, *pair) for pair in pairs]
    with torch.no_grad():
        # What the change does, the last layer of the projector can do as well.
        for parameter in model.model.multi_modal_projector.linear_2.parameters():
            parameter.mul_(IMAGE_SCALE)
    expected = [greedy_in_hf(model, processor, *pair) for pair in pairs]

    llm = LLM(model=str(folder), dtype="float32", max_model_len=128, seed=0)
    sampling = SamplingParams(temperature=0, max_tokens=STEPS, ignore_eos=True, logprobs=0)
    prompts = [dict(prompt=text, multi_modal_data={"image": image}) for text, image in pairs]
    actual = []
    for output in llm.generate(prompts, sampling, use_tqdm=False):
        tokens, choices = output.outputs[0].token_ids, output.outputs[0].logprobs
        logprobs = [choice[token].logprob for token, choice in zip(tokens, choices, strict=True)]
        actual.append((list(tokens), logprobs))
    # Ends vLLM's processes. Left to the end of Python, they may keep it from ending.
    del llm
    gc.collect()
    return actual, expected, unchanged


def test_tokens_are_those_of_hugging_face(generated):
    actual, expected, _ = generated
    assert [tokens for tokens, _ in actual] == [tokens for tokens, _ in expected]


def test_logprobs_are_those_of_hugging_face(generated):
    actual, expected, _ = generated
    for (_, actual_logprobs), (_, expected_logprobs) in zip(actual, expected, strict=True):
        assert actual_logprobs == pytest.approx(expected_logprobs, abs=1e-3)


def test_the_image_and_the_change_show_in_the_output(generated):
    actual, _, unchanged = ([tokens for tokens, _ in results] for results in generated)
    assert actual[0] != actual[1] != actual[2]
    for actual_tokens, unchanged_tokens in zip(actual, unchanged, strict=True):
        assert actual_tokens != unchanged_tokens


def test_vllm_sees_what_the_model_can_do():
    from vllm.model_executor.models import interfaces, interfaces_base

    from {{ cookiecutter.package_name }} import model

    model_class = model.{{ class_of("model") }}
    assert interfaces_base.is_text_generation_model(model_class)
    assert interfaces.supports_multimodal(model_class)
    assert interfaces.supports_pp(model_class)
