"""Who may call the routes, and the engine that they ask. Needs FastAPI and no vLLM.

No need to edit this file. vLLM asks for the key of --api-key only below /v1, /v2, /inference and
/cohere. So every route of an endpoint asks for a key by itself.
"""

import hashlib
import os
import secrets
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, HTTPException
from fastapi.requests import HTTPConnection

from ._endpoints import KEY
from .about import PLUGIN_NAME

# The attribute of an app's state with the Access to it.
STATE = f"{__package__}_access"
NO_KEY = (
    f"The endpoint of {PLUGIN_NAME} has no key, and so answers nobody. Cure: start the server with "
    f"{KEY}=SECRET in its environment, or with --api-key SECRET."
)
NO_ENGINE = (
    f"This server has no engine, which this route of {PLUGIN_NAME} asks. Cure: ask a server that "
    "has a model."
)


class Access(NamedTuple):
    """What the routes of one server need: its engine client, None without one, and the keys."""

    engine: Any = None
    keys: tuple[bytes, ...] = ()


def digest(key: bytes) -> bytes:
    # Of one length, so that the time of a comparison does not tell that of the key.
    return hashlib.sha256(key).digest()


def keys_of(args: Any) -> tuple[bytes, ...]:
    """Return the digests of the keys that open the routes: the endpoint's own, else the server's.

    ``args`` are the server's arguments.
    """
    own = os.environ.get(KEY, "").strip()
    servers = getattr(args, "api_key", None) or [os.environ.get("VLLM_API_KEY")]
    found = [key for key in ([own] if own else servers) if key]
    return tuple(digest(key.encode("utf-8", "surrogateescape")) for key in found)


def access_to(request: HTTPConnection) -> Access:
    return getattr(request.app.state, STATE, Access())


async def check_key(request: HTTPConnection) -> None:
    """Let a request pass that brings a key: ``Authorization: Bearer KEY``.

    Raises HTTPException: 401 for another key or none; 503 if the server has no key to compare with.
    """
    keys = access_to(request).keys
    if not keys:
        raise HTTPException(503, NO_KEY)
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    sent = digest(given.strip().encode("latin-1"))
    # Each is compared, so that the time does not tell which of them it was.
    known = sum(secrets.compare_digest(sent, key) for key in keys)
    if scheme.lower() != "bearer" or not known:
        cure = "Cure: send the header Authorization: Bearer KEY."
        challenge = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(401, f"No key, or another than the server's. {cure}", challenge)


async def engine_client(request: HTTPConnection) -> Any:
    """Return vLLM's engine client. Raises HTTPException 503 if the server has no engine."""
    engine = access_to(request).engine
    if engine is None:
        raise HTTPException(503, NO_ENGINE)
    return engine


# The type of an argument for which a route gets vLLM's engine client.
Engine = Annotated[Any, Depends(engine_client)]
