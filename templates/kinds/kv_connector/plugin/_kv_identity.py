"""What makes KV differ beside tokens: other KV gives other text, and no error. No need to edit it."""

import os
import platform
from pathlib import Path
from typing import Any

from .kv_store import hash_of

WEIGHTS = (".bin", ".gguf", ".pt", ".safetensors")
# Attention of these kinds keeps the KV of all tokens, and so a block of tokens is a block of KV.
STORED = ("FullAttentionSpec", "MLAAttentionSpec")


def reason_against_storing(vllm_config: Any, kv_cache_config: Any) -> str:
    """Say why the KV of this model cannot be stored; "" if it can."""
    kinds = [type(group.kv_cache_spec).__name__ for group in kv_cache_config.kv_cache_groups]
    if len(kinds) != 1 or kinds[0] not in STORED:
        return f"its cache is for {', '.join(kinds) or 'nothing'}, and not for full attention alone"
    parallel = vllm_config.parallel_config
    for name in ("decode_context_parallel_size", "prefill_context_parallel_size"):
        if getattr(parallel, name, 1) > 1:
            return f"{name} is {getattr(parallel, name)}"
    return ""


def scope_of(vllm_config: Any, kv_cache_config: Any) -> tuple[str, int]:
    """Return a hash of all that makes KV differ beside tokens, and the number of tokens in a block."""
    [group] = kv_cache_config.kv_cache_groups
    return hash_of(facts_of(vllm_config, group)), group.kv_cache_spec.block_size


def facts_of(vllm_config: Any, group: Any) -> dict[str, Any]:
    """Return what makes KV differ, as values that are the same in every process and after a restart."""
    import vllm

    model, parallel = vllm_config.model_config, vllm_config.parallel_config
    return {
        "vllm": vllm.__version__,
        "model": [model.model, model.revision, model.hf_config.to_json_string()],
        "weights": weights_in(Path(model.model)),
        "types": [str(model.dtype), str(model.quantization)],
        "cache": [str(vllm_config.cache_config.cache_dtype), str(group.kv_cache_spec)],
        "layers": list(group.layer_names),
        "workers": [parallel.tensor_parallel_size, parallel.pipeline_parallel_size],
        "attention": [str(vllm_config.attention_config), os.environ.get("VLLM_KV_CACHE_LAYOUT")],
        "device": device(),
    }


def weights_in(folder: Path) -> list[list]:
    """Return the names, sizes and times of the weights in a folder; [] for a name on a hub."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [(file.name, file.stat()) for file in files if file.suffix in WEIGHTS]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in found]


def device() -> list[str]:
    """Return what computes: vLLM orders KV in a block as it suits that."""
    from vllm.platforms import current_platform

    return [current_platform.get_device_name(), platform.machine(), *cpu_features()]


def cpu_features() -> list[str]:
    """Return what Linux says that the first CPU can do; [] elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
    return [line for line in lines if line.startswith(("flags", "Features"))][:1]
