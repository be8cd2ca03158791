"""Each IO processor is the one that vLLM makes where it is asked for, and asks the model for its task."""

import json
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest
from vllm.plugins.io_processors import get_io_processor
from vllm.plugins.io_processors.interface import IOProcessor
from vllm.pooling_params import PoolingParams

from {{ cookiecutter.package_name }} import _io_processors
{{ import_from(cookiecutter.package_name ~ "._doctor.io_processors", ["look_at_checkpoint", "look_in_new_process"]) }}
{{ import_from(cookiecutter.package_name ~ "._io_processors", ["owner_of_io_processor"]) }}
{{ import_from(cookiecutter.package_name ~ "._safety", ["class_path"]) }}
{{ import_from(cookiecutter.package_name ~ ".about", ["IO_PROCESSORS"]) }}


def config_of(**in_config_json) -> SimpleNamespace:
    """Return a config of vLLM's, as much of it as vLLM reads to find an IO processor."""
    hf_config = SimpleNamespace(to_dict=lambda: in_config_json)
    return SimpleNamespace(model_config=SimpleNamespace(hf_config=hf_config))


@pytest.fixture(params=IO_PROCESSORS)
def name(request) -> str:
    return request.param


@pytest.fixture
def processor(name):
    return get_io_processor(config_of(), None, name)


def test_vllm_makes_the_one_that_is_asked_for(name, processor):
    by_config = get_io_processor(config_of(io_processor_plugin=name), None)
    for made in (processor, by_config):
        assert isinstance(made, IOProcessor)
        assert class_path(type(made)) == owner_of_io_processor(name)
    assert get_io_processor(config_of(), None) is None


def test_it_has_a_task_and_leaves_the_parameters_that_it_is_given(processor):
    given = PoolingParams(dimensions=2)
    for task in (None, "plugin", processor.TASK):
        given.task = task
        merged = processor.merge_pooling_params(given)
        assert (merged.task, merged.dimensions) == (processor.TASK, 2)
        assert (given.task, merged is given) == (task, False)
    assert processor.TASK != "plugin"
    assert processor.merge_pooling_params().task == processor.TASK


def test_it_refuses_parameters_for_another_task(processor):
    another = "classify" if processor.TASK == "embed" else "embed"
    with pytest.raises(ValueError, match=f"task = {another!r} is not for this IO processor"):
        processor.merge_pooling_params(PoolingParams(task=another))


def test_of_two_with_one_name_it_is_the_one_that_vllm_finds_last(monkeypatch, name):
    found = [EntryPoint(name, value, _io_processors.GROUP) for value in ("a:first", "b:C.path")]
    monkeypatch.setattr(_io_processors, "entry_points", lambda group: found)
    assert owner_of_io_processor(name) == "b:C"


def test_the_doctor_names_one_that_is_kept_out(monkeypatch, name):
    monkeypatch.setenv("VLLM_PLUGINS", f"another, {name}")
    with pytest.raises(ValueError, match="installed"):
        get_io_processor(config_of(), None, name)
    found = [(level, text) for level, text, _ in look_in_new_process() if f" {name}: " in text]
    assert [(level, "keeps out" in text) for level, text in found] == [("problem", True)]
    monkeypatch.setenv("VLLM_PLUGINS", f"another,{name}")
    assert {level for level, _, _ in look_in_new_process()} <= {"ok"}


def test_the_doctor_says_what_a_checkpoint_asks_for(tmp_path, name):
    seen = {}
    for asked in (None, name, "another"):
        config = {} if asked is None else {"io_processor_plugin": asked}
        (tmp_path / "config.json").write_text(json.dumps(config))
        [(level, text, _)] = look_at_checkpoint(str(tmp_path))
        seen[asked] = (level, text.removeprefix(f"{tmp_path / 'config.json'} asks for "))
    assert seen[None][0] == "ok" and f"only with --io-processor-plugin {name}" in seen[None][1]
    assert seen[name] == ("ok", f"the IO processor {name}, of {owner_of_io_processor(name)}.")
    assert seen["another"][0] == "problem" and "which is not installed" in seen["another"][1]
