"""The kind platform: where vLLM finds it, and what keeps vLLM from running on it."""

import re
from pathlib import Path

import pytest
from installed_package import Finding, Installed, install
from shared.rendering import read_about, render_into

KIND, PACKAGE = "platform", "vllm_my_platform"
SWITCH = "USE_VLLM_MY_PLATFORM"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return install(tmp_path_factory.mktemp(KIND), kind=KIND)


@pytest.mark.parametrize("answers", [{"kind": KIND}, {"kind": "decoder", "also": KIND}], ids=str)
def test_the_entry_point_has_the_plugins_name_and_the_table_the_registered_one(render, answers):
    project = render(package_name="acme", plugin_name="other", registered_name="wide", **answers)
    assert read_about(project)["PLATFORMS"] == {"wide": "platform:MyPlatform"}
    setup = (project / "setup.py").read_text(encoding="utf-8")
    found = re.findall(r'"vllm\.platform_plugins": \[f"(.+)"\],', setup)
    assert found == ["{about['PLUGIN_NAME']} = {PACKAGE}._platforms:find_platform"]
    assert "`USE_ACME`" in (project / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", ["plugin_name", "registered_name"])
def test_the_name_of_one_of_vllms_own_platforms_is_refused(tmp_path, field):
    with pytest.raises(SystemExit) as refusal:
        render_into(tmp_path, **{"kind": KIND, field: "cpu"})
    assert f"{field} = 'cpu' " in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def problems(found: list[Finding]) -> list[tuple[str, str]]:
    return [(text, cure) for level, text, cure in found if level == "problem"]


@pytest.mark.parametrize(
    ("settings", "level", "word", "cure"),
    [
        ({SWITCH: "0"}, "warning", f"{SWITCH} is 0", f"unset {SWITCH}"),
        ({SWITCH: "yes"}, "problem", f"{SWITCH} is 'yes', which is neither 0 nor 1", "set it to 1"),
        (
            {"VLLM_TARGET_DEVICE": "cpu"},
            "problem",
            "VLLM_TARGET_DEVICE is cpu, and so vLLM asks no plugin",
            "unset VLLM_TARGET_DEVICE",
        ),
        ({"VLLM_PLUGINS": "another"}, "problem", "without the plugin's name", "unset it"),
    ],
    ids=str,
)
def test_the_doctor_names_what_in_the_environment_keeps_it_out(
    installed, tmp_path, settings, level, word, cure
):
    status, found = installed.doctor(tmp_path, **settings)
    [(how_bad, text, remedy)] = [each for each in found if each[0] != "ok"]
    assert (status, how_bad) == (int(level == "problem"), level)
    assert word in text
    assert cure in remedy


def add_platform(site: Path, name: str, answer: str) -> None:
    """Install another platform plugin, whose function has an answer."""
    (site / f"{name}.py").write_text(f"def find():\n    {answer}\n")
    metadata = site / f"{name}-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[vllm.platform_plugins]\n{name} = {name}:find\n")


def test_the_doctor_names_another_platform_that_applies_too_before_vllm_stops(installed, tmp_path):
    copy = installed.copied(tmp_path)
    add_platform(copy.site, "silent", "return None")
    add_platform(copy.site, "broken", "raise OSError")
    assert problems(copy.doctor(tmp_path)[1]) == []
    add_platform(copy.site, "rival", "return 'rival.Platform'")
    status, found = copy.doctor(tmp_path)
    assert status == 1
    [(text, cure)] = problems(found)
    assert text == (
        "The platform plugin rival of rival applies too, and vLLM stops: it takes one at most."
    )
    assert f"set {SWITCH}=0" in cure
    assert "uninstall rival" in cure
    for settings in ({SWITCH: "0"}, {"VLLM_PLUGINS": PACKAGE}):
        assert problems(copy.doctor(tmp_path, **settings)[1]) == []


def test_the_doctor_says_that_it_does_not_apply_and_finds_no_fault_in_that(installed, tmp_path):
    answer = "    return built_for_cpu()\n"
    copy = installed.changed(tmp_path, "platform_choice.py", answer, "    return False\n")
    [(level, text, _)] = copy.findings("platforms")
    assert (level, "applies() in platform_choice.py says no" in text) == ("ok", True)
