"""What a logits processor inherits: both of vLLM's interfaces, for its two model runners.

No need to edit this file. Model runner V1 numbers the rows of the logits as the requests in the batch,
and says how the batch changes. Model runner V2, from vLLM 0.31 on, has a slot for each request, and
says at each step which slot a row belongs to. Neither is asked for the tokens written so far: with
asynchronous scheduling, those that V1 gives are not there yet.
"""

from typing import Any, ClassVar

from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor, MoveDirectionality

from ._logits_processors import GROUP, owner_of_logits_processor
from ._logits_state import Asked, Numbers
from ._safety import class_path, logger
from .about import LOGITS_PROCESSORS

try:
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as LogitsProcessorV2
except ImportError:
    # vLLM before 0.31 has one interface. There V1 runs wherever a logits processor is installed.
    LogitsProcessorV2 = object  # type: ignore[assignment, misc]


class RequestLogitsProcessor(LogitsProcessor, LogitsProcessorV2):
    """Edits the logits of the requests that ask for it by an extra argument, and no others.

    A subclass has ``UNCHANGED``, ``numbers_in`` and ``edit``. The argument's name is in about.py.
    """

    # The numbers with which an edit leaves a row as it is.
    UNCHANGED: ClassVar[Numbers]

    @classmethod
    def numbers_in(cls, asked: Any) -> Numbers:
        """Return the numbers that an argument means: as many as ``UNCHANGED`` has.

        Raises ValueError, which tells the user what to give.
        """
        raise NotImplementedError

    def edit(self, logits: Any, numbers: Any) -> Any:
        """Return the logits after the edit, which may be made in place.

        ``logits`` are float32, [rows, vocabulary]; ``numbers`` are [rows, len(UNCHANGED)].
        """
        raise NotImplementedError

    @classmethod
    def name(cls) -> str:
        """Return the name of the extra argument. KeyError if about.py does not name the class."""
        names = {f"{__package__}.{each}": name for name, each in LOGITS_PROCESSORS.items()}
        return names[class_path(cls)]

    @classmethod
    def asked_in(cls, params: Any) -> Numbers | None:
        """Return what a request asks for, None if nothing. Raises ValueError for a bad argument."""
        asked = (params.extra_args or {}).get(cls.name())
        if asked is None:
            return None
        try:
            return cls.numbers_in(asked)
        except ValueError as error:
            raise ValueError(f"{cls.name()} = {asked!r:.80} {error}") from None

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:
        """Refuse a bad argument when a request comes in: the server answers with HTTP 400."""
        cls.asked_in(sampling_params)

    def __init__(self, vllm_config: Any, *given: Any) -> None:
        refuse_to_run_twice(type(self), vllm_config)
        self._asked = Asked()
        # The numbers for every row or slot, until the batch changes.
        self._table: Any = None
        # V1 gives a device and whether memory is pinned; V2 the state of the requests.
        self._slots = given[0].max_num_reqs if len(given) == 1 else None

    def is_argmax_invariant(self) -> bool:
        """Say that an edit may change which token is the likeliest: else greedy requests skip it."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Follow a change of the batch, for V1."""
        if batch_update is not None:
            swap = MoveDirectionality.SWAP
            self._asked.update(
                batch_update.removed,
                [(index, self._accepted(params)) for index, params, *_ in batch_update.added],
                [(source, target, how is swap) for source, target, how in batch_update.moved],
            )
            self._table = None

    def add_request(self, req_idx: int, sampling_params: Any) -> bool:
        """Give a slot to a request, for V2; tell whether it asks for something."""
        self._asked.put(req_idx, self._accepted(sampling_params))
        self._table = None
        return req_idx in self._asked

    def apply(self, logits: Any, ctx: Any = None) -> Any:
        """Edit the logits of a step: by row for V1; by slot for V2, which gives a context."""
        if ctx is None:
            return self.edit(logits, self._numbers(logits, len(logits))) if self._asked else logits
        # On the host, since a look at the device would wait for it.
        if not any(slot in self._asked for slot in ctx.idx_mapping_np.tolist()):
            return logits
        numbers = self._numbers(logits, self._slots)
        return self.edit(logits, numbers[ctx.expanded_idx_mapping.long()])

    def _numbers(self, logits: Any, length: int | None) -> Any:
        if self._table is None or len(self._table) != length:
            self._table = logits.new_tensor(self._asked.table(length or 0, self.UNCHANGED))
        return self._table

    @classmethod
    def _accepted(cls, params: Any) -> Numbers | None:
        """Return what a request asks for; None, and a line in the log, for a bad argument.

        An exception would end the engine, and a front end in Rust lets a bad argument through.
        """
        try:
            return cls.asked_in(params)
        except ValueError as error:
            logger.warning("A request is answered as if it had not asked: %s.", error)
            return None


def refuse_to_run_twice(found: type, vllm_config: Any) -> None:
    """Raise ValueError if vLLM was told to load a class that it has found by its entry point too."""
    model_config = getattr(vllm_config, "model_config", None)
    named = getattr(model_config, "logits_processors", None) or []
    path = class_path(found)
    installed = path in map(owner_of_logits_processor, LOGITS_PROCESSORS)
    if installed and any(each in (found, path) for each in named):
        raise ValueError(
            f"vLLM would run {path} twice: it finds the class by the entry point in {GROUP}, and "
            "was told to load it. Cure: leave it out of logits_processors, --logits-processors."
        )
