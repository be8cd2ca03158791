"""The platform changes settings as it should, and applies where it should."""

from types import SimpleNamespace

import pytest
from vllm.platforms.cpu import CpuPlatform

{{ import_from(cookiecutter.package_name, ["platform", "platform_choice"]) }}
{{ import_from(cookiecutter.package_name ~ ".about", ["PLATFORMS"]) }}

PLATFORM = platform.{{ class_of("platform") }}
# As much of vLLM's settings as the platform reads.
CONFIG = SimpleNamespace(
    cache_config=SimpleNamespace(block_size=16), scheduler_config=SimpleNamespace(max_num_seqs=7)
)


@pytest.fixture
def checked(monkeypatch) -> list:
    """Collect what vLLM's own check of the settings gets, in its place."""
    found = []
    check = classmethod(lambda cls, vllm_config: found.append((cls, vllm_config)))
    monkeypatch.setattr(CpuPlatform, "check_and_update_config", check)
    return found


def test_vllms_own_check_of_the_settings_comes_first(checked):
    PLATFORM.check_and_update_config(CONFIG)
    assert checked == [(PLATFORM, CONFIG)]


def test_the_log_says_what_an_engine_is_started_with(checked, monkeypatch):
    said = []
    monkeypatch.setattr(platform.logger, "info", lambda text, *given: said.append(text % given))
    PLATFORM.check_and_update_config(CONFIG)
    [line] = said
    assert "blocks of 16 tokens, for 7 requests" in line


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("name", PLATFORMS)
def test_it_applies_where_vllm_is_built_for_cpus(monkeypatch, name, built):
    monkeypatch.setattr(platform_choice, "built_for_cpu", lambda: built)
    assert platform_choice.applies(name) is built
