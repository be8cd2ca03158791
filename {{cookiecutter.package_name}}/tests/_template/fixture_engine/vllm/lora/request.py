"""Stands for ``vllm.lora.request``: how vLLM is told of an adapter. Leaves out checks of types.

In vLLM this is a struct of msgspec, which can be sent to other processes."""

from dataclasses import dataclass

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)


@dataclass(eq=False)
class LoRARequest:
    lora_name: str
    lora_int_id: int
    lora_path: str = ""
    base_model_name: str | None = None
    load_inplace: bool = False
    is_3d_lora_weight: bool = False

    def __post_init__(self):
        if self.lora_int_id < 1:
            raise ValueError(f"id must be > 0, got {self.lora_int_id}")
        assert self.lora_path, "lora_path cannot be empty"

    def __eq__(self, other):
        return isinstance(other, type(self)) and self.lora_name == other.lora_name

    def __hash__(self):
        return hash(self.lora_name)
