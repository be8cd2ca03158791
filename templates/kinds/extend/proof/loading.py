"""How checkpoints of this kind differ from Llama's, for tests/in_vllm/scripts/load.py."""

from loader import Case, drop
from loader import load_tied as load_more

__all__ = ["cases", "load_more"]
HEAD = "lm_head.weight"


def cases(config: dict) -> dict[str, Case]:
    """Return what this kind must do besides."""
    return {"no head": (drop(HEAD), {}, [HEAD])}
