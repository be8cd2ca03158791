"""A model of vLLM's own that reads images, with one change: how strongly an image speaks.

LLaVA is an image encoder, a projector and a language model. Subclassing vLLM's brings all three
along. What a subclass must do itself is to register a processor: it turns a prompt with images into
tokens and pixels, and vLLM finds it by the model's class.

To extend another model that reads images, change the parent class and the three classes of its
processor here, and the parent in config.py.
"""

from collections.abc import Iterable

import torch
from vllm.model_executor.models.llava import (
    LlavaDummyInputsBuilder,
    LlavaForConditionalGeneration,
    LlavaMultiModalProcessor,
    LlavaProcessingInfo,
)
from vllm.multimodal import MULTIMODAL_REGISTRY

from ._weights import load_completely


@MULTIMODAL_REGISTRY.register_processor(
    LlavaMultiModalProcessor,
    info=LlavaProcessingInfo,
    dummy_inputs=LlavaDummyInputsBuilder,
)
class {{ class_of("model") }}(
    LlavaForConditionalGeneration,
):
    """vLLM's LLaVA, with the embeddings of images times ``image_scale`` of config.json."""

    def embed_multimodal(self, **kwargs: object) -> tuple[torch.Tensor, ...]:
        """Return the embeddings of each image, [image tokens, hidden size].

        ``kwargs`` is what the processor made of the images, ``pixel_values`` above all.
        """
        images = super().embed_multimodal(**kwargs)
        # Without a config class of the plugin's own, config.json need not have the setting.
        scale = getattr(self.config, "image_scale", 1.0)
        return tuple(image * scale for image in images)

    def load_weights(self, weights: Iterable[tuple[str, torch.Tensor]]) -> set[str]:
        """Copy a checkpoint of LLaVA's and return the names of the parameters that it filled.

        Raises ValueError for a weight that has no place here, and for a parameter that no weight
        fills.
        """
        # vLLM builds the encoder up to the layer whose features the projector takes.
        encoder = self.vision_tower.vision_model.encoder
        layers = range(len(encoder.layers), self.config.vision_config.num_hidden_layers)
        unused = ["post_layernorm.", *(f"vision_model.encoder.layers.{n}." for n in layers)]
        # transformers 5 leaves out a level of these names. The ids were a buffer once.
        level = "vision_tower.vision_model."
        weights = (
            (name if level in name else name.replace("vision_tower.", level), weight)
            for name, weight in weights
            if not name.endswith("embeddings.position_ids")
        )
        return load_completely(self, weights, super().load_weights, unused=unused)
