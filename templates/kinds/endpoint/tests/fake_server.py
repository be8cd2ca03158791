"""A server with an endpoint in it, and an engine that only notes what it is asked. Needs no vLLM."""

import asyncio
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

KEY = "the key"


class FakeEngine:
    """Answers for two workers; ``answers`` are theirs, by the method that they are asked for."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def collective_rpc(
        self, method: str, timeout: float | None = None, args: tuple = (), kwargs: Any = None
    ) -> list:
        """Return an answer from each worker, as vLLM's engine client does."""
        self.asked.append(method)
        return [self.answers[method]] * 2


def server_with(endpoint: Any, engine: Any = None, api_key: list[str] | None = None) -> FastAPI:
    """Return an app with the routes of an endpoint, set up as vLLM does it."""
    app = FastAPI()
    endpoint.attach_router(app)
    asyncio.run(endpoint.init_state(engine, app.state, SimpleNamespace(api_key=api_key)))
    return app


def ask(app: FastAPI, path: str, key: str | None = KEY, **options: Any) -> Response:
    """Return the answer to a request, a GET unless ``method`` says otherwise."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}

    async def send() -> Response:
        transport = ASGITransport(app=app)
        async with AsyncClient(transport=transport, base_url="http://server") as client:
            given = {"method": "GET", "headers": headers} | options
            return await client.request(url=path, **given)

    return asyncio.run(send())
