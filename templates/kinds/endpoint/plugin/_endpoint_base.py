"""What an endpoint inherits: vLLM's interface, with all routes below one path and behind a key.

No need to edit this file. vLLM makes an object of the class for each server, attaches its routes to
the app, and later gives it the engine client.
"""

import logging
from typing import Any, ClassVar

from fastapi import APIRouter, Depends
from vllm.plugins.endpoint_plugins.interface import EndpointPlugin

from ._endpoint_access import NO_KEY, STATE, Access, check_key, keys_of
from ._safety import say_once
from .about import PLUGIN_NAME


class RoutedEndpoint(EndpointPlugin):
    """A subclass has ``prefix`` and ``router``, and may have ``required_tasks``."""

    name = PLUGIN_NAME
    # Any of these tasks of a model lets vLLM load the endpoint; None, any server.
    required_tasks: Any = None
    # The path below which the routes stand, and the routes.
    prefix: ClassVar[str]
    router: ClassVar[APIRouter]

    def attach_router(self, app: Any) -> None:
        """Add the routes to vLLM's app, each behind the check of the key."""
        app.include_router(self.router, prefix=self.prefix, dependencies=[Depends(check_key)])

    async def init_state(self, engine_client: Any, state: Any, args: Any) -> None:
        """Keep what the routes need in the state of the app. ``engine_client`` may be None."""
        access = Access(engine_client, keys_of(args))
        setattr(state, STATE, access)
        if not access.keys:
            say_once(logging.WARNING, "key", NO_KEY)
