"""Does vLLM load the endpoints, and does each of their routes ask for a key?"""

import inspect
import os
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any, get_args

from .._endpoints import GROUP, KEY
from ..about import ENDPOINTS
from .classes import Problem, usable
from .findings import OK, WARNING, Findings
from .installers import PACKAGE

# Below these paths vLLM asks for the key of --api-key.
GUARDED = ("/v1", "/v2", "/inference", "/cohere")


def look_in_new_process() -> Findings:
    for name in ENDPOINTS:
        yield from look_at_endpoint(name)


def look_at_endpoint(name: str) -> Findings:
    title = f"The endpoint {name}"
    cure = "repair that: vLLM serves without the endpoint, or stops."
    if found := (yield from usable(title, lambda: made(name), problems_of, cure)):
        yield OK, f"With the key {place_of_key()}, {title[0].lower()}{title[1:]} can be used.", ""
        yield from look_at_places(title, found[1])


def made(name: str) -> tuple[Any, list]:
    """Return an endpoint and its routes."""
    endpoint = EntryPoint(name, f"{PACKAGE}.{ENDPOINTS[name]}", GROUP).load()()
    return endpoint, routes_of(endpoint)


def problems_of(found: tuple[Any, list]) -> Iterator[Problem]:
    endpoint, routes = found
    yield from problems_of_object(endpoint)
    yield from problems_of_routes(routes)


def place_of_key() -> str:
    places = [f"in {each}" for each in (KEY, "VLLM_API_KEY") if os.environ.get(each, "").strip()]
    return next(iter(places), f"of --api-key, or one in {KEY}")


def routes_of(endpoint: Any) -> list:
    """Return the routes that an endpoint adds to an app which has none."""
    from fastapi import FastAPI, routing

    app = FastAPI(openapi_url=None)
    endpoint.attach_router(app)
    # From FastAPI 0.137 on, an app has routers, and the function that finds the routes in them.
    return [*getattr(routing, "iter_route_contexts", iter)(app.routes)]


def problems_of_object(endpoint: Any) -> Iterator[Problem]:
    """Return what keeps vLLM from loading an endpoint, and the cure."""
    from vllm.tasks import SupportedTask

    if not inspect.iscoroutinefunction(endpoint.init_state):
        yield "has an init_state that is not async: the server stops.", "write async def."
    tasks = endpoint.required_tasks
    known = ", ".join(get_args(SupportedTask))
    if isinstance(tasks, str):
        text = f"has {tasks!r} for required_tasks, of which vLLM reads the letters."
        yield f"{text} It loads the endpoint for no model.", f"write ({tasks!r},)."
    elif tasks is not None and not tasks:
        text = "has empty required_tasks, so vLLM loads it for no model."
        yield text, "write None, which means any."
    elif tasks is not None and (unknown := set(tasks) - {*get_args(SupportedTask)}):
        text = f"requires {' and '.join(sorted(map(str, unknown)))}, a task that no model has."
        yield f"{text} vLLM says that at INFO only.", f"name some of {known}; or write None."


def problems_of_routes(routes: list) -> Iterator[Problem]:
    """Return what is wrong with routes, and the cure: there are none, or one asks for no key."""
    if not routes:
        yield "has no route.", "add one to its router."
    paths = {route.path for route in routes if not asks_for_key(route)}
    if open_to_all := sorted(path for path in paths if not path.startswith(GUARDED)):
        text = f"answers {' and '.join(open_to_all)} without a key: whoever reaches the server can ask."
        yield text, "put that into the router of the class, and leave attach_router as it is."


def asks_for_key(route: Any) -> bool:
    from .._endpoint_access import check_key

    dependant = getattr(route, "dependant", None)
    return any(each.call is check_key for each in getattr(dependant, "dependencies", []))


def look_at_places(title: str, routes: list) -> Findings:
    """Warn of paths at which vLLM may have a route of its own, now or in another release."""
    paths = sorted({route.path for route in routes if not route.path.startswith("/plugins/")})
    if paths:
        text = f"{title} answers {' and '.join(paths)}, where vLLM may have a route of its own: "
        text += "up to vLLM 0.31 that one answers, from then on this one."
        yield WARNING, text, "let its prefix begin with /plugins/."
