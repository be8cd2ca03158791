"""A model of vLLM's own that reads images, with one change: how strongly an image speaks.

LLaVA is an image encoder, a projector and a language model. Subclassing vLLM's brings all three
along. What a subclass must do itself is to register a processor: it turns a prompt with images into
tokens and pixels, and vLLM finds it by the model's class.

To extend another model that reads images, change the parent class and the three classes of its
processor here, and the parent in config.py.
"""

import torch
from vllm.model_executor.models.llava import (
    LlavaDummyInputsBuilder,
    LlavaForConditionalGeneration,
    LlavaMultiModalProcessor,
    LlavaProcessingInfo,
)
from vllm.multimodal import MULTIMODAL_REGISTRY


@MULTIMODAL_REGISTRY.register_processor(
    LlavaMultiModalProcessor,
    info=LlavaProcessingInfo,
    dummy_inputs=LlavaDummyInputsBuilder,
)
class {{ cookiecutter.architecture }}(
    LlavaForConditionalGeneration,
):
    """vLLM's LLaVA, with the embeddings of images times ``image_scale`` of config.json."""

    def embed_multimodal(self, **kwargs: object) -> tuple[torch.Tensor, ...]:
        """Return the embeddings of each image, [image tokens, hidden size].

        ``kwargs`` is what the processor made of the images, ``pixel_values`` above all.
        """
        images = super().embed_multimodal(**kwargs)
        return tuple(image * self.config.image_scale for image in images)
