"""The model says of an image what Hugging Face's LLaVA does with the same weights."""

import gc
import json

import pytest

from {{ cookiecutter.package_name }} import about

pytestmark = pytest.mark.real_vllm
STEPS = 16
# RMSNorm undoes much of a mere factor, but not a change of sign.
IMAGE_SCALE = -1.0
PROMPTS = ["<image>", "<image> is a", "Before <image> and after"]


def make_processor():
    """Return LLaVA's processor: images of 28 x 28 pixels, four patches, a token for each byte."""
    from tiny_llama import make_tokenizer
    from transformers import CLIPImageProcessor, LlavaProcessor

    tokenizer = make_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    sides = {"height": 28, "width": 28}
    return LlavaProcessor(
        image_processor=CLIPImageProcessor(size={"shortest_edge": 28}, crop_size=sides),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )


def save_llava(folder):
    """Write a checkpoint with random weights into ``folder``; return model and processor in HF."""
    import torch
    from safetensors.torch import save_file
    from tiny_llama import SIZES
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
    )

    processor = make_processor()
    tokenizer = processor.tokenizer
    config = LlavaConfig(
        text_config=LlamaConfig(
            **SIZES,
            vocab_size=len(tokenizer),
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        ),
        vision_config=CLIPVisionConfig(
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=28,
            patch_size=14,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        tie_word_embeddings=False,
    )
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(config).eval()
    with torch.no_grad():
        # Large enough that another image gives other tokens.
        for parameter in model.model.multi_modal_projector.parameters():
            parameter.mul_(8)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)

    # transformers 5 leaves out a level of the names that vLLM and older checkpoints have.
    weights = {
        name.replace("model.vision_tower.", "vision_tower.vision_model.")
        .replace("model.multi_modal_projector.", "multi_modal_projector.")
        .replace("model.language_model.", "language_model.model.")
        .replace("lm_head.", "language_model.lm_head."): weight.clone()
        for name, weight in model.state_dict().items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    changes = {
        "architectures": [about.ARCHITECTURE],
        "model_type": about.MODEL_TYPE,
        "image_scale": IMAGE_SCALE,
    }
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return model, processor


def greedy_in_hf(model, processor, prompt, image) -> list[int]:
    """Return STEPS greedy tokens after ``prompt`` with ``image``."""
    inputs = processor(images=image, text=prompt, return_tensors="pt")
    model.generation_config.eos_token_id = None  # go on, whatever comes
    output = model.generate(**inputs, max_new_tokens=STEPS, do_sample=False)
    return output[0, -STEPS:].tolist()


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Return the tokens for each prompt: vLLM's, HF's, and those of HF without the change."""
    import numpy
    import torch
    from PIL import Image
    from vllm import LLM, SamplingParams

    folder = tmp_path_factory.mktemp("checkpoint")
    model, processor = save_llava(folder)
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
    sampling = SamplingParams(temperature=0, max_tokens=STEPS, ignore_eos=True)
    prompts = [dict(prompt=text, multi_modal_data={"image": image}) for text, image in pairs]
    outputs = llm.generate(prompts, sampling, use_tqdm=False)
    actual = [list(output.outputs[0].token_ids) for output in outputs]
    # Ends vLLM's processes. Left to the end of Python, they may keep it from ending.
    del llm
    gc.collect()
    return actual, expected, unchanged


def test_tokens_are_those_of_hugging_face(generated):
    actual, expected, _ = generated
    assert actual == expected


def test_the_image_and_the_change_show_in_the_output(generated):
    actual, _, unchanged = generated
    assert actual[0] != actual[1] != actual[2]
    for actual_tokens, unchanged_tokens in zip(actual, unchanged, strict=True):
        assert actual_tokens != unchanged_tokens


def test_vllm_sees_what_the_model_can_do():
    from vllm.model_executor.models import interfaces, interfaces_base

    from {{ cookiecutter.package_name }} import model

    model_class = getattr(model, about.ARCHITECTURE)
    assert interfaces_base.is_text_generation_model(model_class)
    assert interfaces.supports_multimodal(model_class)
    assert interfaces.supports_pp(model_class)
