"""The platform: what vLLM asks how to run, in every process and for every model.

Here, import nothing of vLLM but vllm.platforms at the top. The rest of it may ask for the platform,
which is not there before this file is read: import it inside the methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vllm.platforms.cpu import CpuPlatform

from ._platform_base import Announced
from ._safety import logger

if TYPE_CHECKING:
    from vllm.config import VllmConfig


class {{ class_of("platform") }}(Announced, CpuPlatform):
    # Each method that is not here is CpuPlatform's. So are device_name and device_type: torch has no
    # device of another name.

    @classmethod
    def check_and_update_config(cls, vllm_config: VllmConfig) -> None:
        """Change the settings of an engine before it starts. ValueError refuses what cannot run."""
        super().check_and_update_config(vllm_config)
        # The settings are final but for what is changed here.
        logger.info(
            "The platform starts an engine with blocks of %s tokens, for %s requests at a time.",
            vllm_config.cache_config.block_size,
            vllm_config.scheduler_config.max_num_seqs,
        )
