"""The IO processor: where ranking.py meets vLLM.

vLLM makes one object of the class, and calls it for many requests at the same time. So it keeps
nothing of a request: what ``post_process`` needs, it must find in the model's output.
"""

from collections.abc import Sequence
from typing import Any

from ._io_base import TaskIOProcessor
from .ranking import Question, Ranked, parse, prompts_of, ranked


class {{ class_of("io_processor") }}(TaskIOProcessor):
    # What the model does with each prompt: one vector. A model that cannot refuses the request.
    TASK = "embed"

    def parse_data(self, data: object) -> Question:
        """Return what a request asks for. Raises ValueError if it cannot be answered."""
        return parse(data)

    def pre_process(
        self, prompt: Question, request_id: str | None = None, **kwargs: Any
    ) -> list[str]:
        """Return the prompts for what ``parse_data`` returned."""
        return prompts_of(prompt)

    def post_process(
        self, model_output: Sequence[Any], request_id: str | None = None, **kwargs: Any
    ) -> list[Ranked]:
        """Return the answer, given the output of each prompt in their order: tensors [hidden_size]."""
        return ranked([output.outputs.data.tolist() for output in model_output])
