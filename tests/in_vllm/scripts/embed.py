"""Run beside a plugin's tests: embed, and leave vLLM's vectors and the references' to compare."""

import json
import sys
from pathlib import Path

import torch
from _template.tiny_checkpoint import make_tokenizer, save_checkpoint
from reference import PROMPTS

IN_TREE = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}


@torch.no_grad()
def embed_in_hf(reference, prompt: str) -> list[float]:
    tokens = torch.tensor([make_tokenizer()(prompt)["input_ids"]])
    mean = reference.base_model(tokens).last_hidden_state[0].mean(dim=0)
    return torch.nn.functional.normalize(mean, dim=0).tolist()


def rounded_like(vectors, references):
    """Return the references where vectors are within 1e-3 of them, else the vectors."""
    near = torch.allclose(torch.tensor(vectors), torch.tensor(references), rtol=0, atol=1e-3)
    return references if near else vectors


def embed(folder: Path, **engine_options) -> list[list[float]]:
    from vllm import LLM

    options = {"runner": "pooling", "dtype": "float32", "max_model_len": 128}
    llm = LLM(str(folder), **options, **engine_options)
    return [output.outputs.embedding for output in llm.embed(PROMPTS, use_tqdm=False)]


if __name__ == "__main__":
    from vllm.config import PoolerConfig

    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    reference = save_checkpoint(folder, tie_word_embeddings=False, **options["names"])
    expected = [embed_in_hf(reference, text) for text in PROMPTS]
    results = {"HF": expected}
    for name, engine_options in options["engines"].items():
        results[name] = rounded_like(embed(folder, **engine_options), expected)
    # The same seed, and so the same weights. vLLM's own default is the last token's vector.
    in_tree = folder.parent / "in_tree"
    save_checkpoint(in_tree, tie_word_embeddings=False, **IN_TREE)
    pooler = PoolerConfig(seq_pooling_type="MEAN", use_activation=True)
    vectors = embed(in_tree, enforce_eager=True, convert="embed", pooler_config=pooler)
    results["in-tree"] = rounded_like(vectors, expected)
    (folder / "result.json").write_text(json.dumps(results))
