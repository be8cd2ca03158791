"""Each LoRA resolver is an object as vLLM's server asks it, under the name in about.py."""

import inspect

import pytest
from vllm.lora.resolver import LoRAResolver, LoRAResolverRegistry

from {{ cookiecutter.package_name }} import register
{{ import_from(cookiecutter.package_name ~ "._lora_resolvers", ["owner_of_lora_resolver"]) }}
{{ import_from(cookiecutter.package_name ~ ".about", ["LORA_RESOLVERS"]) }}


@pytest.mark.parametrize("name", LORA_RESOLVERS)
def test_vllm_gets_an_object_by_its_name_and_can_ask_it(name):
    register()
    resolver = LoRAResolverRegistry.get_resolver(name)
    assert isinstance(resolver, LoRAResolver)
    found = type(resolver)
    assert f"{found.__module__}:{found.__qualname__}" == owner_of_lora_resolver(name)
    assert inspect.iscoroutinefunction(resolver.resolve_lora)
    inspect.signature(resolver.resolve_lora).bind("base model", "name")


@pytest.mark.parametrize("name", LORA_RESOLVERS)
def test_a_second_call_registers_nothing(monkeypatch, name):
    register()
    first, called = LoRAResolverRegistry.get_resolver(name), []
    monkeypatch.setattr(LoRAResolverRegistry, "register_resolver", lambda *of: called.append(of))
    register()
    assert called == []
    assert LoRAResolverRegistry.get_resolver(name) is first
