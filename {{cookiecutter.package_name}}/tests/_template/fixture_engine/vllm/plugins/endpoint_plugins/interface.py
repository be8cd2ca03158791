"""Stands for the interface of endpoints. Needs no FastAPI, and leaves out the server."""

from typing import Any, Protocol, runtime_checkable

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)


@runtime_checkable
class EndpointPlugin(Protocol):
    """What an endpoint has. A class may inherit it, or only have the same."""

    name: str
    required_tasks: tuple[str, ...] | None

    def attach_router(self, app: Any) -> None: ...

    async def init_state(self, engine_client: Any, state: Any, args: Any) -> None: ...
