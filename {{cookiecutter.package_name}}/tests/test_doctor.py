"""The doctor finds nothing wrong here, and names what is wrong elsewhere."""

import json
import os
import subprocess
import sys

from {{ cookiecutter.package_name }} import about

PACKAGE = about.__name__.partition(".")[0]


def run_doctor(folder, *arguments, **settings) -> tuple[int, dict[str, list[str]]]:
    """Run the doctor in a folder; return its exit status, and what it found, by level."""
    command = [sys.executable, "-m", PACKAGE, *arguments, "--json"]
    environment = os.environ | settings
    result = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE)
    found: dict[str, list[str]] = {}
    for finding in json.loads(result.stdout):
        found.setdefault(finding["level"], []).append(finding["found"])
    return result.returncode, found


def test_the_doctor_finds_nothing_wrong(tmp_path):
    status, found = run_doctor(tmp_path)
    assert (status, list(found)) == (0, ["ok"]), found


def test_the_doctor_names_what_keeps_the_plugin_out(tmp_path):
    status, found = run_doctor(tmp_path, VLLM_PLUGINS="all")
    assert status == 1
    assert "'all'" in found["problem"][0]


def test_the_doctor_names_the_owner_of_a_checkpoint(tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    status, found = run_doctor(tmp_path, str(tmp_path))
    assert status == 1
    assert "models.llama:LlamaForCausalLM" in found["problem"][0]
