"""Stands for ``vllm.tasks``: the names of what a model, or a server without one, can do."""

from typing import Literal

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)

GenerationTask = Literal["generate", "transcription", "realtime"]
PoolingTask = Literal[
    "embed", "classify", "token_embed", "token_classify", "plugin", "embed&token_classify"
]
SupportedTask = Literal[GenerationTask, PoolingTask, Literal["render"]]
