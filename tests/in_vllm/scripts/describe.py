"""Run beside a plugin's tests: describe images, and leave vLLM's tokens and the references'."""

import json
import shutil
import sys
from pathlib import Path

import numpy
from _template.tiny_checkpoint import make_tokenizer, save_checkpoint
from PIL import Image
from reference import PROMPTS, make_processor
from safetensors.torch import load_file, save_file
from test_model import STEPS, greedy_in_hf
from vllm import LLM, SamplingParams

# With a neutral value for what the plugin's model adds, the weights can be the very same.
IN_TREE = {"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava"}
NEUTRAL = {"image_scale": 1.0}


def change_config(folder: Path, changes: dict) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def name_as_in_transformers_4(folder: Path) -> None:
    """Name the encoder's weights as vLLM's own LLaVA wants them."""
    file, tower = folder / "model.safetensors", "vision_tower."
    weights = load_file(file).items()
    save_file({name.replace(tower, f"{tower}vision_model."): w for name, w in weights}, file)


def describe(folder: Path, pairs: list, engine_options: dict) -> list[list[int]]:
    llm = LLM(str(folder), dtype="float32", max_model_len=128, **engine_options)
    sampling = SamplingParams(temperature=0, max_tokens=STEPS, ignore_eos=True)
    prompts = [{"prompt": text, "multi_modal_data": {"image": image}} for text, image in pairs]
    outputs = llm.generate(prompts, sampling, use_tqdm=False)
    return [list(output.outputs[0].token_ids) for output in outputs]


if __name__ == "__main__":
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    model = save_checkpoint(folder, **options["names"] | NEUTRAL)
    processor = make_processor(make_tokenizer())
    in_tree = folder.parent / "in_tree"
    shutil.copytree(folder, in_tree)
    change_config(in_tree, IN_TREE)
    name_as_in_transformers_4(in_tree)

    pixels = numpy.random.default_rng(0).integers(0, 256, (len(PROMPTS), 28, 28, 3), numpy.uint8)
    pairs = [(text, Image.fromarray(image)) for text, image in zip(PROMPTS, pixels, strict=True)]
    results = {"HF": [greedy_in_hf(model, processor, *pair)[0] for pair in pairs]}
    for name, engine_options in options["engines"].items():
        results[name] = describe(folder, pairs, engine_options)
    results["in-tree"] = describe(in_tree, pairs, {"enforce_eager": True})
    (folder / "result.json").write_text(json.dumps(results))
