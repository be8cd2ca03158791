"""Run beside a plugin's tests: generate, and leave vLLM's tokens and the references' to compare."""

import json
import sys
from pathlib import Path

from tiny_llama import PROMPTS, greedy_in_hf, greedy_in_vllm, save_checkpoint

if __name__ == "__main__":
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    reference = save_checkpoint(folder, tie_word_embeddings=True, **options["names"])
    results = {
        "plugin": [tokens for tokens, _ in greedy_in_vllm(folder, PROMPTS, 8, **options["engine"])],
        "HF": [greedy_in_hf(reference, prompt, 8)[0] for prompt in PROMPTS],
    }
    if options.get("in_tree"):
        # The same seed: the same weights. HF's own config.json names vLLM's own model.
        in_tree = folder.parent / "in_tree"
        save_checkpoint(in_tree, tie_word_embeddings=True)
        outputs = greedy_in_vllm(in_tree, PROMPTS, 8, **options["engine"])
        results["in-tree"] = [tokens for tokens, _ in outputs]
    (folder / "result.json").write_text(json.dumps(results))
