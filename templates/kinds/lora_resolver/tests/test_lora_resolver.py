"""The LoRA resolver tells vLLM's server where an adapter is, and says in the log why one is refused."""

import asyncio
import json

import pytest

{{ import_from(cookiecutter.package_name, ["_safety", "lora_resolver"]) }}
{{ import_from(cookiecutter.package_name ~ ".adapters", ["CONFIG", "FOLDER", "WEIGHTS", "id_of"]) }}

Resolver = lora_resolver.{{ class_of("lora_resolver") }}
BASE = "org/base"


@pytest.fixture
def adapter(tmp_path, monkeypatch):
    """The folder of an adapter, the only one."""
    folder = tmp_path / "one"
    folder.mkdir()
    stated = {"peft_type": "LORA", "base_model_name_or_path": BASE}
    (folder / CONFIG).write_text(json.dumps(stated))
    (folder / WEIGHTS[0]).write_bytes(b"weights")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return folder


@pytest.fixture
def log(monkeypatch):
    """Collect what the plugin logs: how bad it is, and the text."""
    said = []
    for level in ("info", "warning"):
        monkeypatch.setattr(
            _safety.logger,
            level,
            lambda text, *values, level=level: said.append((level, text % values)),
        )
    return said


def resolve(name: str):
    return asyncio.run(Resolver().resolve_lora(BASE, name))


def test_vllm_is_told_where_the_adapter_is(adapter, log):
    request = resolve("one")
    assert (request.lora_name, request.lora_path) == ("one", str(adapter.resolve()))
    assert request.lora_int_id == id_of("one")
    assert log == []


def test_an_adapter_that_is_not_there_is_none(adapter, log):
    assert resolve("two") is None
    assert log == [("info", "There is no LoRA adapter 'two'.")]


@pytest.mark.parametrize("name", ["../one", "one\0", "/" * 999])
def test_a_name_that_leads_elsewhere_is_refused_with_one_short_line(adapter, log, name):
    assert resolve(name) is None
    [(level, text)] = log
    assert level == "warning"
    assert text.startswith(f"The LoRA adapter {name[:100]!r} is refused: its name ")
    assert "Cure: " in text and text.isprintable() and len(text) < 300


def test_an_adapter_of_another_model_is_refused_with_the_reason(adapter, log):
    (adapter / CONFIG).write_text(json.dumps({"peft_type": "LORA"}))
    assert resolve("one") is None
    [(level, text)] = log
    assert (level, "base_model_name_or_path = None" in text) == ("warning", True)


async def look_for_one_that_needs_another_request(monkeypatch):
    """Ask a resolver that finds nothing until the server has done something else meanwhile."""
    loop = asyncio.get_running_loop()

    def find_adapter(name, base_model):
        return asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "/found"), loop).result(5)

    monkeypatch.setattr(lora_resolver, "find_adapter", find_adapter)
    return await Resolver().resolve_lora(BASE, "one")


def test_other_requests_are_answered_while_an_adapter_is_looked_for(monkeypatch):
    """The server has one thread for all of them."""
    request = asyncio.run(look_for_one_that_needs_another_request(monkeypatch))
    assert request.lora_path == "/found"
