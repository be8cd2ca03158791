"""The doctor finds nothing wrong here, and names what is wrong elsewhere."""

from _template.doctor import run_doctor


def test_the_doctor_finds_nothing_wrong(tmp_path):
    status, found = run_doctor(tmp_path)
    assert (status, list(found)) == (0, ["ok"]), found


def test_the_doctor_names_what_keeps_the_plugin_out(tmp_path):
    status, found = run_doctor(tmp_path, VLLM_PLUGINS="all")
    assert status == 1
    assert "'all'" in found["problem"][0]
