"""The two halves of the connector, without vLLM: one decides what to load and save, one does it.

vLLM makes the connector twice, in processes that share nothing: for its scheduler, and in each
worker. With each step the scheduler half sends its work to the worker half.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Protocol
from uuid import uuid4

from ._safety import logger
from .about import PLUGIN_NAME
from .kv_store import Damaged, KVStore, block_keys, hash_of

# The key of a block of KV, and the number of the block in vLLM's cache.
Pair = tuple[str, int]


@dataclass
class Work:
    """What the workers are to do in one step; ``saves`` has the pairs of each finished request."""

    loads: list[Pair] = field(default_factory=list)
    saves: dict[str, list[Pair]] = field(default_factory=dict)


class Blocks(Protocol):
    """The blocks of a worker's cache: the bytes of all layers, as ``layout`` describes them."""

    layout: str

    def read(self, block: int) -> bytes: ...

    def write(self, block: int, data: bytes) -> None: ...


class SchedulerHalf:
    """Decides what is loaded and saved. ``ranks`` is the number of workers: each has files of its own."""

    def __init__(self, store: KVStore, scope: str, block_size: int, ranks: int) -> None:
        self._store, self._scope = store, scope
        self._block_size, self._ranks = block_size, ranks
        # Of a request that vLLM has asked for: where its blocks in the store begin, and their keys.
        self._promised: dict[str, tuple[int, list[str]]] = {}
        self._work = Work()

    def promise(
        self, request: str, tokens: Sequence[int], computed: int, salt: str | None = None
    ) -> int:
        """Return how many tokens can be loaded after the first ``computed``, which are full blocks.

        The last token is never one of them: vLLM goes on from what it computes for that.
        """
        first = computed // self._block_size
        keys = block_keys(self._scope, tokens[:-1], self._block_size, salt)[first:]
        stored = list(takewhile(self._is_stored, keys))
        self._promised[request] = first, stored
        return len(stored) * self._block_size

    def load(self, request: str, blocks: Sequence[int], tokens: int) -> None:
        """Have the first ``tokens`` of what was promised loaded into ``blocks``, all of a request."""
        first, keys = self._promised.pop(request)
        self._work.loads += zip(keys[: tokens // self._block_size], blocks[first:], strict=False)

    def save(
        self, request: str, tokens: Sequence[int], blocks: Sequence[int], salt: str | None = None
    ) -> bool:
        """Have the KV of ``tokens`` saved from ``blocks``; tell whether there is any to save."""
        keys = block_keys(self._scope, tokens, self._block_size, salt)
        new = [pair for pair in zip(keys, blocks, strict=False) if not self._is_stored(pair[0])]
        if new:
            self._work.saves[request] = new
        return bool(new)

    def forget(self, request: str) -> None:
        """Drop what was promised to a request that has ended."""
        self._promised.pop(request, None)

    def take_work(self) -> Work:
        work, self._work = self._work, Work()
        return work

    def start_anew(self) -> None:
        """Use nothing that was stored before: the weights may have changed while vLLM runs."""
        self._scope = hash_of(self._scope, uuid4().hex)
        self._promised.clear()
        # vLLM waits until it hears that these are done.
        self._work = Work(saves=dict.fromkeys(self._work.saves, []))

    def _is_stored(self, key: str) -> bool:
        return all(self._store.has(name_of(key, rank)) for rank in range(self._ranks))


class WorkerHalf:
    """Moves KV between the store and the cache of the worker with the number ``rank``."""

    def __init__(self, store: KVStore, rank: int, blocks: Blocks) -> None:
        self._store, self._rank, self._blocks = store, rank, blocks
        self._failed: set[int] = set()

    def load(self, pairs: Iterable[Pair]) -> None:
        """Fill blocks from the store. What cannot be loaded is logged, and ``take_failed`` has it."""
        for key, block in pairs:
            try:
                data = self._store.get(name_of(key, self._rank), self._blocks.layout)
            except (Damaged, OSError) as error:
                self._failed.add(block)
                text = "Plugin %s: %s. The tokens of that block are computed anew."
                logger.warning(text, PLUGIN_NAME, error)
            else:
                self._blocks.write(block, data)

    def save(self, saves: Mapping[str, list[Pair]]) -> set[str]:
        """Put blocks into the store; return the requests whose blocks are no longer needed."""
        for pairs in saves.values():
            for key, block in pairs:
                data = self._blocks.read(block)
                try:
                    self._store.put(name_of(key, self._rank), self._blocks.layout, data)
                # The request has its answer already.
                except OSError as error:
                    text = "Plugin %s: KV is not stored: %s. Cure: make room for the store."
                    logger.warning(text, PLUGIN_NAME, error)
        return set(saves)

    def take_failed(self) -> set[int]:
        """Return the blocks that could not be loaded since this was last asked."""
        failed, self._failed = self._failed, set()
        return failed


def name_of(key: str, rank: int) -> str:
    """Return the key of what one worker has of a block."""
    return f"{key}.{rank}"
