"""Run beside a plugin's tests: which tensors of the tiny checkpoint does HF's model not depend on?

Each is changed in turn. In result.json: the idle ones, and how many there are of all.
"""

import json
import sys
from pathlib import Path

import numpy
import reference
import torch
from _template.tiny_checkpoint import make_reference, make_tokenizer
from PIL import Image


def inputs_of(processor) -> dict:
    """Return one prompt as the model takes it, with an image if it takes any."""
    if processor.__class__.__name__.endswith("Processor"):
        pixels = numpy.random.default_rng(0).integers(0, 256, (28, 28, 3), numpy.uint8)
        image = {"images": Image.fromarray(pixels)}
        return processor(text=reference.PROMPTS[-1], return_tensors="pt", **image)
    return processor(reference.PROMPTS[-1], return_tensors="pt")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir()
    inputs = inputs_of(reference.make_processor(make_tokenizer()))
    idle = []
    with torch.no_grad():
        model = make_reference(tie_word_embeddings=False)
        expected = model(**inputs).logits
        parameters = dict(model.named_parameters())
        for name, parameter in parameters.items():
            before = parameter.clone()
            parameter += 0.1 * torch.randn_like(parameter)
            if torch.allclose(model(**inputs).logits, expected, rtol=0, atol=1e-4):
                idle.append(name)
            parameter.copy_(before)
    (folder / "result.json").write_text(json.dumps({"idle": idle, "all": len(parameters)}))
