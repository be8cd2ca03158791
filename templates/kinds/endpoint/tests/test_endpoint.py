"""The endpoint answers in the front end, and asks the workers."""

from fake_server import KEY, FakeEngine, ask, server_with

from {{ cookiecutter.package_name }} import about, endpoint

ENDPOINT = endpoint.{{ class_of("endpoint") }}
VIEW = "LlamaForCausalLM(\n  (model): LlamaModel(…)\n)"


def test_the_front_end_answers_without_an_engine():
    answer = ask(server_with(ENDPOINT(), api_key=[KEY]), f"{ENDPOINT.prefix}/about")
    assert (answer.status_code, answer.json()) == (200, {"plugin": about.PLUGIN_NAME})


def test_the_workers_are_asked_for_the_model_that_each_holds():
    engine = FakeEngine(get_model_inspection=VIEW)
    answer = ask(server_with(ENDPOINT(), engine, api_key=[KEY]), f"{ENDPOINT.prefix}/models")
    assert (answer.status_code, answer.json()) == (200, {"models": ["LlamaForCausalLM"] * 2})
    assert engine.asked == ["get_model_inspection"]
