"""The doctor's command: its output, its exit status and its usage."""

import os

import pytest
from breaking import ENGINE, NAME, PLUGIN, edit
from shared.rendering import result_of

pytestmark = pytest.mark.xdist_group("doctor")


def test_standard_output_is_json_alone_whatever_a_plugin_prints(doctor, site):
    noise = "    import os\n    print('noise')\n    os.write(1, b'noise')\n"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", noise + "    attempt(warn_if")
    doctor(site, ENGINE)


def test_the_report_for_people_has_one_line_for_each_finding(built, tmp_path):
    settings = os.environ | {"PYTHONPATH": f"{built.site}:{ENGINE}", "VLLM_PLUGINS": "all"}
    command = [built.python, "-m", NAME]
    result = result_of(*command, env=settings, cwd=tmp_path)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["ok", "problem", "ok"]
    assert result.stdout.splitlines()[1].startswith("problem  VLLM_PLUGINS is 'all', ")
    assert f"Cure: unset it, or add {PLUGIN} to it" in result.stdout
    assert result.stderr == ""
    assert result.returncode == 1


def test_wrong_usage(built, tmp_path):
    settings = os.environ | {"PYTHONPATH": str(built.site)}
    command = [built.python, "-m", NAME, "--wrong"]
    result = result_of(*command, env=settings, cwd=tmp_path)
    assert result.returncode == 2
    assert f"python -m {NAME}" in result.stderr


@pytest.mark.parametrize("option", ["", "--json"])
def test_a_reader_who_stops_in_the_middle(built, tmp_path, option):
    command = f"{built.python} -m {NAME} {option} 2> errors | true; exit ${{PIPESTATUS[0]}}"
    path = os.pathsep.join(map(str, [built.site, ENGINE]))
    settings = os.environ | {"PYTHONPATH": path, "VLLM_PLUGINS": ""}
    result = result_of("bash", "-c", command, cwd=tmp_path, env=settings)
    assert (result.returncode, (tmp_path / "errors").read_text()) == (1, "")
