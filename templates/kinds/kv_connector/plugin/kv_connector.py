"""The KV connector: what vLLM's scheduler and workers call. The store is in kv_store.py.

KV is saved when a request has finished, and loaded when another begins with the same tokens. Both are
done before vLLM goes on: nothing here waits for a load or a save.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vllm.distributed.kv_transfer.kv_connector.v1.base import (
    KVConnectorBase_V1 as Base,
)
from vllm.distributed.kv_transfer.kv_connector.v1.base import (
    KVConnectorMetadata,
    KVConnectorRole,
    SupportsHMA,
)

from ._kv_blocks import TensorBlocks
from ._kv_identity import reason_against_storing, scope_of
from ._safety import logger
from .about import PLUGIN_NAME
from .kv_halves import SchedulerHalf, Work, WorkerHalf
from .kv_store import KVStore, folder_in

# After other ends, such as an abort, vLLM may not have computed what it had begun.
FINISHED = ("FINISHED_STOPPED", "FINISHED_LENGTH_CAPPED")


@dataclass
class Metadata(KVConnectorMetadata):
    """What the scheduler half sends to the worker half with a step."""

    work: Work


class {{ class_of("kv_connector") }}(Base, SupportsHMA):
    """Keeps the KV of requests in a folder, which outlives the server and may be shared.

    One object has one half, by ``role``; none, if this model's KV cannot be stored. Raises ValueError
    for a configuration that cannot work.
    """

    def __init__(self, vllm_config: Any, role: KVConnectorRole, kv_cache_config: Any) -> None:
        super().__init__(vllm_config, role, kv_cache_config)
        transfer = vllm_config.kv_transfer_config
        self._loads, self._saves = transfer.is_kv_consumer, transfer.is_kv_producer
        self._store = KVStore(self.folder_of(transfer))
        self._scheduler: SchedulerHalf | None = None
        self._worker: WorkerHalf | None = None
        self._reason = reason_against_storing(vllm_config, kv_cache_config)
        if role == KVConnectorRole.SCHEDULER and not self._reason:
            scope, block_size = scope_of(vllm_config, kv_cache_config)
            ranks = vllm_config.parallel_config.world_size
            self._scheduler = SchedulerHalf(self._store, scope, block_size, ranks)
        elif role == KVConnectorRole.SCHEDULER:
            logger.warning("Plugin %s: no KV is stored: %s.", PLUGIN_NAME, self._reason)

    @staticmethod
    def folder_of(transfer: Any) -> Path:
        """Return the store's folder; raise ValueError for a --kv-transfer-config that cannot work.

        The doctor calls this too.
        """
        policy = transfer.kv_load_failure_policy
        if transfer.is_kv_consumer and policy != "recompute":
            raise ValueError(
                f'kv_load_failure_policy is "{policy}", with which vLLM fails a request when a file '
                'is damaged. Cure: write "kv_load_failure_policy": "recompute" into '
                "--kv-transfer-config."
            )
        return folder_in(transfer.kv_connector_extra_config, writes=transfer.is_kv_producer)

    # In vLLM's scheduler

    def get_num_new_matched_tokens(
        self, request: Any, num_computed_tokens: int
    ) -> tuple[int | None, bool]:
        """Return how many tokens can be loaded, and that this is done within the step."""
        # The logprobs of a prompt are known only after it is computed.
        if not self._loads or request.skip_reading_prefix_cache or not self._is_stored(request):
            return 0, False
        assert self._scheduler is not None
        tokens, salt = list(request.all_token_ids), request.cache_salt
        found = self._scheduler.promise(request.request_id, tokens, num_computed_tokens, salt)
        return found, False

    def update_state_after_alloc(self, request: Any, blocks: Any, num_external_tokens: int) -> None:
        if self._scheduler and num_external_tokens:
            [ids] = blocks.get_block_ids()
            self._scheduler.load(request.request_id, ids, num_external_tokens)

    def build_connector_meta(self, scheduler_output: Any) -> KVConnectorMetadata:
        return Metadata(self._scheduler.take_work() if self._scheduler else Work())

    def request_finished_all_groups(
        self, request: Any, block_ids: tuple[list[int], ...]
    ) -> tuple[bool, dict[str, Any] | None]:
        """Have a request's KV saved; return whether vLLM must keep its blocks until that is done."""
        if self._scheduler is None:
            return False, None
        self._scheduler.forget(request.request_id)
        if not (self._saves and self._is_stored(request) and request.status.name in FINISHED):
            return False, None
        # What was sampled last has no KV yet.
        length = min(request.num_computed_tokens, len(request.all_token_ids) - 1)
        tokens, [ids] = list(request.all_token_ids)[:length], block_ids
        return self._scheduler.save(request.request_id, tokens, ids, request.cache_salt), None

    def reset_cache(self) -> bool | None:
        if self._scheduler:
            self._scheduler.start_anew()
        return True

    def _is_stored(self, request: Any) -> bool:
        """Tell whether a request's KV depends on its tokens alone, and on no adapter or image."""
        if self._scheduler is None or request.lora_request or request.mm_features:
            return False
        return request.prompt_embeds is None

    # In vLLM's workers

    def register_kv_caches(self, kv_caches: dict[str, Any]) -> None:
        if not self._reason:
            blocks = TensorBlocks(kv_caches, self._kv_cache_config.num_blocks)
            parallel = self._vllm_config.parallel_config
            self._worker = WorkerHalf(self._store, parallel.rank % parallel.world_size, blocks)

    def start_load_kv(self, forward_context: Any, **kwargs: Any) -> None:
        if self._worker:
            self._worker.load(self._get_connector_metadata().work.loads)

    def wait_for_layer_load(self, layer_name: str) -> None:
        """Do nothing: all layers are loaded before the step begins."""

    def save_kv_layer(
        self, layer_name: str, kv_layer: Any, attn_metadata: Any, **kwargs: Any
    ) -> None:
        """Do nothing: a block is saved when all of its layers and tokens are computed."""

    def wait_for_save(self) -> None:
        """Do nothing: get_finished() saves. vLLM calls that in every step, and this only in some."""

    def get_finished(self, finished_req_ids: set[str]) -> tuple[set[str] | None, set[str] | None]:
        """Save the KV of requests that have finished; return those requests."""
        if self._worker is None:
            return None, None
        return self._worker.save(self._get_connector_metadata().work.saves), None

    def get_block_ids_with_load_errors(self) -> set[int]:
        return self._worker.take_failed() if self._worker else set()
