"""vLLM loads each endpoint where it should, and no route of it answers without a key."""

import inspect
import logging
from typing import get_args

import pytest
from fake_server import KEY, FakeEngine, ask, server_with
from fastapi import APIRouter, FastAPI, routing
from vllm.plugins import load_endpoint_plugins
from vllm.plugins.endpoint_plugins.interface import EndpointPlugin
from vllm.tasks import SupportedTask

from {{ cookiecutter.package_name }} import _endpoints, about
from {{ cookiecutter.package_name }}._endpoint_access import Engine
from {{ cookiecutter.package_name }}._vllm import entries

ENDPOINTS = [entry for entry in entries() if entry.what == "endpoint"]
NAME = about.PLUGIN_NAME
# All that there are, so that it is loaded whatever it requires.
TASKS = get_args(SupportedTask)


@pytest.fixture(autouse=True)
def without_keys(monkeypatch):
    for name in (_endpoints.KEY, "VLLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=ENDPOINTS, ids=lambda entry: entry.title)
def endpoint(request, monkeypatch):
    """An endpoint as vLLM makes it."""
    monkeypatch.setenv("VLLM_PLUGINS", request.param.name)
    [found] = load_endpoint_plugins(TASKS)
    return found


@pytest.fixture
def probe(endpoint, monkeypatch):
    """The endpoint, with routes of this file in place of its own."""
    router = APIRouter()

    @router.get("/plain")
    async def plain() -> str:
        return "plain"

    @router.get("/engine")
    async def engine(engine: Engine) -> bool:
        return isinstance(engine, FakeEngine)

    monkeypatch.setattr(type(endpoint), "router", router)
    return endpoint


@pytest.fixture
def vllms_log():
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("vllm.plugins")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield records
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.mark.parametrize("entry", ENDPOINTS, ids=lambda entry: entry.title)
@pytest.mark.parametrize(
    ("vllm_plugins", "loaded"),
    [(None, False), ("", False), ("all", False), ("{0} ", False), ("{0}", True), ("a,{0}", True)],
)
def test_vllm_loads_it_only_where_vllm_plugins_names_it(monkeypatch, entry, vllm_plugins, loaded):
    if vllm_plugins is not None:
        monkeypatch.setenv("VLLM_PLUGINS", vllm_plugins.format(entry.name))
    found = [type(each) for each in load_endpoint_plugins(TASKS)]
    paths = [f"{each.__module__}:{each.__qualname__}" for each in found]
    assert (entry.owner() in paths) is loaded


def test_without_vllm_plugins_one_warning_is_all_that_vllm_says(vllms_log):
    assert load_endpoint_plugins(TASKS) == []
    [record] = vllms_log
    assert (record.levelno, NAME in record.getMessage()) == (logging.WARNING, True)


def test_a_server_without_its_tasks_goes_without_it_and_says_so_at_info(
    monkeypatch, vllms_log, endpoint
):
    vllms_log.clear()
    monkeypatch.setattr(type(endpoint), "required_tasks", ("embed",))
    assert load_endpoint_plugins(("generate", "render")) == []
    assert {record.levelno for record in vllms_log} == {logging.INFO}
    assert load_endpoint_plugins(("embed",)) != []


def test_it_has_the_interface_of_vllm(endpoint):
    assert isinstance(endpoint, EndpointPlugin)
    assert inspect.iscoroutinefunction(endpoint.init_state)


def test_all_of_its_routes_stand_below_its_prefix_and_ask_for_a_key(endpoint):
    app = server_with(endpoint, FakeEngine(), api_key=[KEY])
    # From FastAPI 0.137 on, an app has routers, and the function that finds the routes in them.
    routes = getattr(routing, "iter_route_contexts", iter)(app.routes)
    added = [route for route in routes if route.path.startswith(f"{endpoint.prefix}/")]
    assert len(added) == len(endpoint.router.routes) > 0
    for route in added:
        for method in getattr(route, "methods", ()):
            assert ask(app, route.path, key=None, method=method).status_code == 401, route.path


@pytest.mark.parametrize(
    ("own", "servers", "sent", "status"),
    [
        # The keys of the server open it, if it has none of its own.
        (None, ["a", "b"], "Bearer a", 200),
        (None, ["a", "b"], "bearer b", 200),
        ("own\n", None, "Bearer own", 200),
        ("ÄÖÜ", None, "Bearer ÄÖÜ", 200),
        # Its own key is the only one.
        ("own", ["a"], "Bearer a", 401),
        (None, ["a"], "Bearer A", 401),
        (None, ["a"], "Basic a", 401),
        (None, ["a"], "a", 401),
        (None, ["a"], "Bearer ", 401),
        # Without a key there is nothing to compare with, and nobody is let in.
        (None, None, "Bearer ", 503),
        ("", [""], "Bearer None", 503),
    ],
)
def test_a_key_opens_it_and_nothing_else_does(monkeypatch, probe, own, servers, sent, status):
    if own is not None:
        monkeypatch.setenv(_endpoints.KEY, own)
    app = server_with(probe, FakeEngine(), servers)
    answer = ask(app, f"{probe.prefix}/plain", headers={"Authorization": sent.encode()})
    assert answer.status_code == status, answer.text


def test_the_key_in_vllm_api_key_opens_it_too(monkeypatch, probe):
    monkeypatch.setenv("VLLM_API_KEY", "a")
    app = server_with(probe, FakeEngine())
    assert ask(app, f"{probe.prefix}/plain", "a").json() == "plain"
    assert ask(app, f"{probe.prefix}/plain", "b").status_code == 401


def test_a_refusal_and_the_log_say_how_to_get_a_key(probe, log):
    path = f"{probe.prefix}/plain"
    app = server_with(probe)
    server_with(probe)
    [record] = log
    for text in (record.getMessage(), ask(app, path).json()["detail"]):
        assert _endpoints.KEY in text and "--api-key" in text and "Cure:" in text
    refusal = ask(server_with(probe, api_key=[KEY]), path, "another")
    assert "Cure: send the header Authorization: Bearer KEY." in refusal.json()["detail"]


def test_a_route_that_asks_the_engine_says_so_where_there_is_none(probe):
    path = f"{probe.prefix}/engine"
    assert ask(server_with(probe, FakeEngine(), [KEY]), path).json() is True
    answer = ask(server_with(probe, None, [KEY]), path)
    assert answer.status_code == 503
    assert "Cure: ask a server that has a model." in answer.json()["detail"]
    # Who has no key does not learn what the server has.
    assert ask(server_with(probe, None, [KEY]), path, "another").status_code == 401


def test_a_server_that_was_not_set_up_lets_nobody_in(probe):
    app = FastAPI()
    probe.attach_router(app)
    assert ask(app, f"{probe.prefix}/plain").status_code == 503
