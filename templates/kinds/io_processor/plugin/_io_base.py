"""What an IO processor inherits: how vLLM finds it, and what it asks the model for.

No need to edit this file.
"""

from typing import Any, ClassVar

from vllm.plugins.io_processors.interface import IOProcessor
from vllm.pooling_params import PoolingParams


class TaskIOProcessor(IOProcessor):
    """An IO processor that has the model do one task with each prompt.

    A subclass has ``TASK``, ``parse_data``, ``pre_process`` and ``post_process``.
    """

    # One of vLLM's pooling tasks, such as "embed" or "classify". vLLM's own default is "plugin",
    # which hardly any model does.
    TASK: ClassVar[Any]

    @classmethod
    def path(cls) -> str:
        """Return "package.module.Class", from where vLLM imports the class: it calls this first."""
        return f"{cls.__module__}.{cls.__qualname__}"

    def merge_pooling_params(self, params: PoolingParams | None = None) -> PoolingParams:
        """Return new parameters for a prompt: those given, and ``TASK``.

        Those given stay as they are, since up to vLLM 0.31 they may be those of other prompts too.
        Raises ValueError if they ask for another task.
        """
        merged = PoolingParams() if params is None else params.clone()
        if merged.task not in (None, "plugin", self.TASK):
            raise ValueError(f"task = {merged.task!r} is not for this IO processor: leave it out")
        merged.task = self.TASK
        return merged
