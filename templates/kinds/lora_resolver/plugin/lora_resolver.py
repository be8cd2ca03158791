"""The LoRA resolver: what vLLM's server asks when a request names a model that it does not know.

Which adapters there are is in adapters.py. This file says in vLLM's terms what was found there.
"""

import asyncio

from vllm.lora.request import LoRARequest
from vllm.lora.resolver import LoRAResolver

from ._safety import logger
from .adapters import Refused, find_adapter, id_of, problems


class {{ class_of("lora_resolver") }}(LoRAResolver):
    async def resolve_lora(self, base_model_name: str, lora_name: str) -> LoRARequest | None:
        """Return where an adapter is; None if it is not served, which a client sees as 404.

        vLLM keeps what it has loaded, and does not ask for that name again.
        """
        # What a client sends is cut, so that no line of the log is long.
        shown = f"{lora_name[:100]!r}"
        try:
            # In a thread: while a disk is slow, the server answers other requests.
            folder = await asyncio.to_thread(find_adapter, lora_name, base_model_name)
        except Refused as reason:
            logger.warning("The LoRA adapter %s is refused: %s.", shown, reason)
            return None
        if folder is None:
            logger.info("There is no LoRA adapter %s.", shown)
            return None
        return LoRARequest(lora_name=lora_name, lora_int_id=id_of(lora_name), lora_path=str(folder))

    def problems(self) -> list[str]:
        """Say for the doctor which adapters are refused, and why. Raises Refused if all must be."""
        return problems()
