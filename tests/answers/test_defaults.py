"""Which defaults follow from the answers before them."""

import pytest
from asking import COOKIECUTTER, cookiecutter
from shared.rendering import MODELS, RULES, at_a_terminal, read_about


def test_the_answers_of_vllms_documentation_give_its_example_and_a_warning(tmp_path):
    answers = {
        "package_name": "vllm_add_dummy_model",
        "plugin_name": "register_dummy_model",
        "class_name": "MyLlava",
        "kind": "multimodal",
    }
    result = cookiecutter(tmp_path, "--no-input", *(f"{k}={v}" for k, v in answers.items()))
    assert result.stdout.startswith("Warning: plugin_name = 'register_dummy_model' ")
    package = tmp_path / "vllm_add_dummy_model" / "vllm_add_dummy_model"
    assert 'PLUGIN_NAME = "register_dummy_model"' in (package / "about.py").read_text()
    assert (
        "class MyLlava(\n    LlavaForConditionalGeneration," in (package / "model.py").read_text()
    )


def test_the_defaults_follow_the_package_name(render):
    about = (render(package_name="vllm_parrot") / "vllm_parrot" / "about.py").read_text()
    assert '\nPLUGIN_NAME = "vllm_parrot"\n' in about
    assert '\n    "vllm_parrot": "config:Config",\n' in about


@pytest.mark.parametrize("kind", MODELS)
def test_the_default_class_name_is_that_of_the_kind(render, kind):
    class_name = RULES["room"](kind)["class"]
    project = render(kind=kind)
    assert read_about(project)["ARCHITECTURES"] == {class_name: f"model:{class_name}"}
    assert f'description="Adds {class_name} to vLLM."' in (project / "setup.py").read_text()


def test_at_a_terminal_the_default_class_name_follows_the_kind(tmp_path):
    status, shown = at_a_terminal("3\n" + "\n" * 10, *COOKIECUTTER, str(tmp_path))
    assert status == 0, shown
    assert list(read_about(tmp_path / "vllm_my_model")["ARCHITECTURES"]) == ["MyEmbeddingModel"]
