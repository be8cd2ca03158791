"""The doctor finds nothing wrong here, and names what is wrong elsewhere."""

from _template.doctor import run_doctor

from {{ cookiecutter.package_name }}._vllm import entries
from {{ cookiecutter.package_name }}.about import PLUGIN_NAME


def test_the_doctor_finds_nothing_wrong(tmp_path):
    # Some parts are let in only where the plugin is named.
    status, found = run_doctor(tmp_path, VLLM_PLUGINS=PLUGIN_NAME)
    assert (status, list(found)) == (0, ["ok"]), found


def test_the_doctor_names_what_keeps_the_plugin_out(tmp_path):
    """Where VLLM_PLUGINS decides about no part of it, only register() is kept out."""
    status, found = run_doctor(tmp_path, VLLM_PLUGINS="all")
    gated = any(entry.gated for entry in entries())
    assert status == int(gated)
    assert "'all'" in found["problem" if gated else "warning"][0]
