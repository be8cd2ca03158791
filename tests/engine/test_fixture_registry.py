"""The fixture engine's registry: how it inspects a model, and what it notes of it."""

import json

import pytest


def test_what_a_plugin_prints_does_not_disturb_an_inspection(site):
    site.model("FxModel", top="print('[[]] importing')")
    assert site.succeeds("print(inspect('FxModel'))").stdout == "FxModel FxModel True\n"


def test_a_class_in_a_package_file_is_known_by_the_whole_package(site):
    site.module("top/pack/base", "class Model:\n    supports_pp = False")
    site.module("top/__init__", "")
    site.module("top/pack/__init__", "from top.pack.base import Model")
    site.plugin("a", "ModelRegistry.register_model('FxModel', 'top.pack:Model')")
    assert site.succeeds("print(inspect('FxModel'))").stdout == "Model FxModel False\n"
    assert (site.folder / "cache/modelinfos/top-pack-Model.json").exists()
    site.module("top/pack/base", "class Model:\n    supports_pp = True")
    assert site.succeeds("print(inspect('FxModel'))").stdout == "Model FxModel True\n"


def test_a_cache_that_is_broken_or_cannot_be_written_does_no_harm(site):
    site.model("FxModel")
    file = site.folder / "cache/modelinfos/the_model-FxModel.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert site.succeeds("print(inspect('FxModel'))").stdout == "FxModel FxModel True\n"
    blocked = site.folder / "calls/cache"  # Below a file no folder can be made.
    out = site.succeeds("print(inspect('FxModel'))", VLLM_CACHE_ROOT=str(blocked))
    assert out.stdout == "FxModel FxModel True\n"


def test_inspecting_an_in_tree_architecture_names_the_module_that_is_missing(site):
    out = site.fails("inspect('LlamaForCausalLM')")
    assert "the fixture engine has no vllm.model_executor.models.llama" in out.stderr


def test_the_in_tree_architectures_have_the_modules_that_vllm_has_for_them(site):
    script = """
        for name, entry in ModelRegistry.models.items():
            print(name, entry.module_name, entry.class_name)
    """
    assert site.succeeds(script).stdout.splitlines() == [
        f"{name}ForCausalLM vllm.model_executor.models.{name.lower()} {name}ForCausalLM"
        for name in ("Llama", "Mistral", "Qwen3")
    ]


def test_without_a_setting_the_cache_is_in_the_home_folder(site):
    site.model("FxModel")
    script = "del os.environ['VLLM_CACHE_ROOT']; print(inspect('FxModel'))"
    site.succeeds(script, HOME=str(site.folder / "home"))
    assert (site.folder / "home/.cache/vllm/modelinfos/the_model-FxModel.json").exists()
    assert not (site.folder / "cache").exists()


@pytest.mark.parametrize(
    ("module", "cause"),
    [
        ("nowhere", "No module named 'nowhere'"),
        ("nowhere.model", "No module named 'nowhere'"),
        ("a_folder", "module 'a_folder' has no attribute 'Model'"),
        ("os.path.model", "No module named 'os.path.model'"),
    ],
)
def test_a_module_without_a_file_is_inspected_and_its_error_is_shown(site, module, cause):
    (site.folder / "site/a_folder").mkdir(parents=True)
    site.plugin("a", f"ModelRegistry.register_model('FxModel', '{module}:Model')")
    # What was noted of a module without a file says nothing of the one that is there now.
    note = site.folder / f"cache/modelinfos/{module.replace('.', '-')}-Model.json"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"hash": None, "modelinfo": {"architecture": "old"}}))
    out = site.fails("inspect('FxModel')")
    assert cause in out.stderr
    assert out.stderr.splitlines()[-1].endswith("Please check the logs for more details.")


def test_what_was_noted_of_a_model_is_read_and_not_asked_again(site):
    site.model("FxModel")
    site.succeeds("inspect('FxModel')")
    [note] = (site.folder / "cache/modelinfos").iterdir()
    noted = json.loads(note.read_text())
    assert noted["modelinfo"] == {"architecture": "FxModel", "supports_pp": True}
    note.write_text(json.dumps(noted | {"modelinfo": {"architecture": "Noted", "supports_pp": 1}}))
    assert site.succeeds("print(inspect('FxModel'))").stdout == "Noted FxModel 1\n"
    # A note about another source does not count, and is written anew.
    note.write_text(json.dumps(noted | {"hash": "another"}))
    assert site.succeeds("print(inspect('FxModel'))").stdout == "FxModel FxModel True\n"
    assert json.loads(note.read_text()) == noted
