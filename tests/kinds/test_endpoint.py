"""The kind endpoint: it comes in only where VLLM_PLUGINS names it, and the doctor says so."""

import re

import pytest
from installed_package import Installed, install
from shared.rendering import read_about, result_of

KIND = "endpoint"
NAMES = {"package_name": "parrots", "plugin_name": "a-parrot", "registered_name": "parrot"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return install(tmp_path_factory.mktemp(KIND), kind=KIND, also="tool_parser", **NAMES)


def test_its_entry_point_has_the_plugins_name_and_its_routes_the_registered_one(render):
    project = render(kind="decoder", also=KIND, **NAMES)
    assert read_about(project)["ENDPOINTS"] == {"a-parrot": "endpoint:MyEndpoint"}
    setup = (project / "setup.py").read_text(encoding="utf-8")
    groups = re.findall(r'^        "(vllm\.\w+)": \[', setup, re.MULTILINE)
    assert groups == ["vllm.general_plugins", "vllm.endpoint_plugins"]
    endpoint = (project / "parrots" / "endpoint.py").read_text(encoding="utf-8")
    assert 'prefix = "/plugins/parrot"' in endpoint
    assert "KEY_OF_PARROTS=secret VLLM_PLUGINS=a-parrot" in (project / "README.md").read_text()


def test_only_a_package_with_it_tests_with_fastapi(render):
    needed = [
        re.findall(r'"test": (.+),', (render(kind=kind) / "setup.py").read_text(encoding="utf-8"))
        for kind in ("decoder", KIND)
    ]
    with_it = '["fastapi>=0.115", "griffe>=1.14", "httpx>=0.27", "pytest>=8"]'
    assert needed == [['["griffe>=1.14", "pytest>=8"]'], [with_it]]


def test_without_a_name_in_vllm_plugins_the_doctor_warns(tmp_path):
    status, found = install(tmp_path, kind=KIND).doctor(tmp_path)
    [(text, cure)] = [(text, cure) for level, text, cure in found if level != "ok"]
    assert status == 0
    assert text.startswith(
        "vLLM does not load the endpoint vllm_my_endpoint: VLLM_PLUGINS must name it, and does not."
    )
    assert cure == (
        "set VLLM_PLUGINS to vllm_my_endpoint, and the names of all other plugins you want."
    )


@pytest.mark.parametrize(
    ("value", "status", "levels"),
    [("a-parrot", 0, ["ok"]), ("b,a-parrot", 0, ["ok"]), ("parrots", 1, ["ok", "problem"])],
)
def test_the_doctor_says_whether_vllm_plugins_lets_it_in(
    installed, tmp_path, value, status, levels
):
    found_status, found = installed.doctor(tmp_path, VLLM_PLUGINS=value)
    assert (found_status, sorted({level for level, _, _ in found})) == (status, levels), found


def test_the_doctor_warns_of_a_second_one_that_vllm_plugins_does_not_name(installed, tmp_path):
    line = '    PLUGIN_NAME: "endpoint:MyEndpoint",\n'
    change = ("about.py", line, f'{line}    "second": "endpoint:MyEndpoint",\n')
    code = "from parrots._doctor.environment import look_at_environment as look; "
    code += "print([text for level, text, _ in look() if level == 'warning'])"
    changed = installed.changed(tmp_path, *change)
    for value, expected in (("a-parrot", ["second"]), ("a-parrot,second", [])):
        printed = result_of("python", "-c", code, env=changed.environment(VLLM_PLUGINS=value))
        assert re.findall(r"does not load the endpoint ([\w-]+):", printed.stdout) == expected


def test_the_doctor_says_where_the_key_is(installed):
    own, servers = {"KEY_OF_PARROTS": "secret"}, {"VLLM_API_KEY": "secret"}
    places = ["in KEY_OF_PARROTS", "in VLLM_API_KEY", "of --api-key, or one in KEY_OF_PARROTS"]
    for settings, place in zip((own | servers, servers, {}), places, strict=True):
        [(level, text, _)] = installed.findings("endpoints", **settings)
        assert (level, text) == ("ok", f"With the key {place}, the endpoint a-parrot can be used.")
