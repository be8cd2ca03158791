"""How checkpoints of this kind differ from Llama's, for tests/in_vllm/scripts/load.py."""

from loader import Case, drop, rename
from loader import load_tied as load_more

__all__ = ["cases", "load_more"]


def cases(config: dict) -> dict[str, Case]:
    """Return what this kind must do besides."""
    return {
        "no head": (drop("lm_head.weight"), {}, []),
        "no prefix": (rename("model.", ""), {}, []),
    }
