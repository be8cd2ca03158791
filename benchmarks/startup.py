"""How long an engine takes to start, step by step, in the order in which vLLM does it.

Run by run.py in an environment with real vLLM, once for each sample; it prints JSON.
``python startup.py CHECKPOINT``.
"""

import json
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    times = {"start": time.perf_counter()}
    from vllm import LLM, ModelRegistry
    from vllm.plugins import load_general_plugins

    times["import vLLM"] = time.perf_counter()
    load_general_plugins()
    times["load plugins"] = time.perf_counter()
    [architecture] = json.loads(Path(sys.argv[1], "config.json").read_text())["architectures"]
    # Reads the cache of what models can do, or asks a subprocess.
    ModelRegistry.models[architecture].inspect_model_cls()
    times["inspect the model class"] = time.perf_counter()
    LLM(sys.argv[1], max_model_len=256, skip_tokenizer_init=True, enforce_eager=True)
    times["make the engine"] = time.perf_counter()
    names = list(times)
    steps = {name: times[name] - times[before] for before, name in zip(names, names[1:])}  # noqa: B905
    print(json.dumps(steps | {"together": times[names[-1]] - times["start"]}))
