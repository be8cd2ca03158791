"""Run beside a plugin's tests: generate, and leave vLLM's tokens and the references' to compare."""

import json
import sys
from pathlib import Path

from _template.tiny_checkpoint import greedy_in_hf, make_tokenizer, save_checkpoint
from reference import PROMPTS

STEPS = 8
IN_TREE = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}


def generate(folder: Path, suppressed: list[int], engine_options: dict) -> list[list[int]]:
    """Return greedy tokens for each prompt, without those that are suppressed."""
    from vllm import LLM, SamplingParams

    llm = LLM(str(folder), dtype="float32", max_model_len=128, **engine_options)
    allowed = [token for token in range(len(make_tokenizer())) if token not in suppressed]
    options = {"allowed_token_ids": allowed} if suppressed else {}
    sampling = SamplingParams(temperature=0, max_tokens=STEPS, ignore_eos=True, **options)
    outputs = llm.generate(PROMPTS, sampling, use_tqdm=False)
    return [list(output.outputs[0].token_ids) for output in outputs]


if __name__ == "__main__":
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    # The plugin's model suppresses by itself, any other is told to by whoever asks it.
    suppressed = options["names"].get("suppressed_token_ids", [])
    reference = save_checkpoint(folder, tie_word_embeddings=True, **options["names"])
    results = {"HF": [greedy_in_hf(reference, text, STEPS, suppressed)[0] for text in PROMPTS]}
    for name, engine_options in options["engines"].items():
        results[name] = generate(folder, [], engine_options)
    if options.get("in_tree"):
        # The same seed, and so the same weights.
        in_tree = folder.parent / "in_tree"
        save_checkpoint(in_tree, tie_word_embeddings=True, **IN_TREE)
        results["in-tree"] = generate(in_tree, suppressed, {"enforce_eager": True})
    (folder / "result.json").write_text(json.dumps(results))
