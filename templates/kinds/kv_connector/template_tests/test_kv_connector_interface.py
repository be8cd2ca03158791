"""Each KV connector has the interface that vLLM asks of it, under the name in about.py."""

import inspect
from types import SimpleNamespace

import pytest
from vllm.distributed.kv_transfer.kv_connector.factory import KVConnectorFactory
from vllm.distributed.kv_transfer.kv_connector.v1 import base

from {{ cookiecutter.package_name }} import register
{{ import_from(cookiecutter.package_name ~ "._kv_connectors", ["owner_of_kv_connector"]) }}
{{ import_from(cookiecutter.package_name ~ ".about", ["KV_CONNECTORS"]) }}

each_name = pytest.mark.parametrize("name", KV_CONNECTORS)


@each_name
def test_vllm_gets_the_class_by_its_name_and_by_its_module_path(name):
    register()
    found = KVConnectorFactory.get_connector_class_by_name(name)
    assert f"{found.__module__}:{found.__qualname__}" == owner_of_kv_connector(name)
    by_path = SimpleNamespace(
        kv_connector=found.__name__, kv_connector_module_path=found.__module__
    )
    assert KVConnectorFactory.get_connector_class(by_path) is found


@each_name
def test_vllm_can_make_it_for_any_model(name):
    """As vLLM does it: with three arguments, and what models with several caches need."""
    register()
    found = KVConnectorFactory.get_connector_class_by_name(name)
    assert issubclass(found, base.KVConnectorBase_V1)
    assert issubclass(found, base.SupportsHMA)
    assert not inspect.isabstract(found)
    inspect.signature(found).bind("config", base.KVConnectorRole.WORKER, kv_cache_config="cache")


@each_name
def test_a_second_call_registers_nothing(monkeypatch, log, name):
    register()
    first, called = owner_of_kv_connector(name), []
    monkeypatch.setattr(KVConnectorFactory, "register_connector", called.append)
    register()
    assert (owner_of_kv_connector(name), called, log) == (first, [], [])


@each_name
def test_another_thread_that_is_faster_is_no_error(monkeypatch, log, name):
    real = KVConnectorFactory.register_connector

    def register_twice(*arguments):
        real(*arguments)
        real(*arguments)

    monkeypatch.setattr(KVConnectorFactory, "register_connector", register_twice)
    register()
    assert owner_of_kv_connector(name).endswith(KV_CONNECTORS[name])
    assert log == []
