"""Proof on a real vLLM: how many layers are replaced, of both kinds, and the tokens. Never rendered.

tests/in_vllm runs it beside a package's tests, where vLLM and the plugin are installed:

    python replaced.py FOLDER ENGINE_OPTIONS

FOLDER is empty, and gets the checkpoint; ENGINE_OPTIONS is a JSON object. It prints one JSON object on
the last line: how many layers of which class run which method, and whether the tokens are those of HF.
"""

import json
import sys
from pathlib import Path

from small_llama import PROMPTS, greedy_in_hf, run_in_vllm, save_checkpoint

STEPS = 16


def main() -> None:
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    model = save_checkpoint(folder)
    expected = [greedy_in_hf(model, prompt, STEPS) for prompt in PROMPTS]
    results, layers = run_in_vllm(folder, STEPS, **options)
    counts = {f"{path} {method}": count for (path, method), count in layers.items()}
    # Last: vLLM writes until it has ended.
    print(json.dumps({"layers": counts, "equal": results == expected}))


if __name__ == "__main__":
    main()
