"""A logits processor with which a request says how its answer begins: ``vllm_xargs: {"force": IDS}``.

What follows these tokens is up to the model, or to the structure that the request asks for.
"""

from typing import Any

import torch
from vllm.v1.sample.logits_processor import LogitsProcessor
from vllm.v1.sample.logits_processor.builtin import process_dict_updates


def forced(params: Any, prompt: list[int] | None, output: list[int]) -> tuple | None:
    """Return the tokens that a request forces, and its output, which vLLM goes on to fill."""
    ids = (params.extra_args or {}).get("force")
    return ids and (ids, output)


class Forcing(LogitsProcessor):
    def __init__(self, vllm_config: Any, device: Any, is_pin_memory: bool) -> None:
        self.rows: dict[int, tuple] = {}

    def is_argmax_invariant(self) -> bool:
        return False

    def update_state(self, batch_update: Any) -> None:
        process_dict_updates(self.rows, batch_update, forced)

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        for row, (ids, output) in self.rows.items():
            if len(output) < len(ids):
                logits[row] = float("-inf")
                logits[row, int(ids[len(output)])] = 0
        return logits
