"""The kind lora_resolver: what its package holds, and what its doctor says of the environment."""

import pytest
from installed_package import Installed, install, proof_of
from shared.rendering import ROOT, RULES, read_about, settings_of

PACKAGE = "vllm_my_lora_resolver"
FOLDER = f"LORA_FOLDER_OF_{PACKAGE.upper()}"
SETTINGS = proof_of("lora_resolver", "faults.py", "SETTINGS")


def test_about_py_and_the_setting_are_named_after_the_package(render):
    about = read_about(render(kind="lora_resolver"))
    assert about["LORA_RESOLVERS"] == {PACKAGE: "lora_resolver:MyLoRAResolver"}
    adapters = render(kind="lora_resolver") / PACKAGE / "adapters.py"
    # vLLM warns of what begins with VLLM_ and is not its own.
    assert f'\nFOLDER = "{FOLDER}"\n' in adapters.read_text("utf-8")


def test_a_name_of_vllms_own_is_refused():
    names = (ROOT / "taken_names" / "lora_resolvers.txt").read_text().splitlines()
    assert names == ["Filesystem Resolver", "Hf Hub Resolver"]
    answers = {"kind": "decoder", "also": "lora_resolver"}
    said = [RULES["problem_with_registered_name"](name, answers) for name in [*names, "mine"]]
    assert [text.partition(": use ")[2] for text in said] == [
        "filesystem_resolver",
        "hf_hub_resolver",
        "",
    ]
    alone = RULES["problem_with_registered_name"](names[0], {"kind": "lora_resolver", "also": "-"})
    assert alone.startswith("is a LoRA resolver of vLLM's own: use ")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return install(tmp_path_factory.mktemp("lora_resolver"), kind="lora_resolver")


@pytest.mark.parametrize("name", SETTINGS)
def test_the_doctor_names_what_is_set_wrongly(installed, tmp_path, name):
    given, level, word = SETTINGS[name]
    places = {"FOLDER": FOLDER, "PATH": f"{tmp_path}/empty", "ONE": f"{tmp_path}/broken"}
    for folder in ("empty", "broken/broken"):
        (tmp_path / folder).mkdir(parents=True)
    settings = settings_of(installed.project, tmp_path)
    for variable, value in given.items():
        variable = variable.format(**places)
        if value is None:
            del settings[variable]
        else:
            settings[variable] = value.format(**places)
    (fine, *_), (how_bad, text, cure) = installed.findings("lora_resolvers", **settings)
    assert (fine, how_bad) == ("ok", level)
    assert word in text
    assert cure
