"""The doctor in real vLLM: all is well; and a capability cache that is out of date is named."""

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from lane import CHECKPOINT_NAMES, KINDS, NAMES, RUNNING

pytestmark = pytest.mark.real
KIND = KINDS[0]
PACKAGE, ARCHITECTURE = NAMES[KIND]["package_name"], NAMES[KIND]["architecture"]
INSPECT = f"""
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins
load_general_plugins()
print("answer:", ModelRegistry.models[{ARCHITECTURE!r}].inspect_model_cls().has_inner_state)
"""


@pytest.fixture
def python(plugins, settings, tmp_path):
    """A function that runs Python in the environment with vLLM and the plugins, in a folder."""

    def python(*arguments: str, **more: str) -> subprocess.CompletedProcess:
        command, environment = [plugins[0] / "python", *arguments], os.environ | settings | more
        options = {"capture_output": True, "text": True, "cwd": tmp_path}
        return subprocess.run(command, env=environment, **options)

    return python


@pytest.mark.parametrize("kind", RUNNING)
def test_all_is_well(python, tmp_path, kind):
    (tmp_path / "config.json").write_text(json.dumps(CHECKPOINT_NAMES[kind]))
    result = python("-m", NAMES[kind]["package_name"], str(tmp_path), "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert [finding["level"] for finding in json.loads(result.stdout)] == ["ok"] * 11


def test_the_readme_shows_what_is_printed(python, plugins, tmp_path):
    folder = tmp_path / "llama"
    folder.mkdir()
    names = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    (folder / "config.json").write_text(json.dumps(names))
    printed = python("-m", PACKAGE, str(folder)).stdout
    printed = re.sub(r"\S+(/site-packages/|/llama/config)", r"/path/to\1", printed)
    printed = re.sub(r"(vLLM |tested: |to )\d+\.\d+\.\d+", r"\1…", printed)
    readme = (plugins[1][KIND] / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^\$ python -m \w+ /path/to/llama\n(.+?)^```", readme, re.M | re.S)
    assert printed == shown


def test_a_capability_cache_that_is_out_of_date(python, plugins, tmp_path):
    site, cache = tmp_path / "site", tmp_path / "cache"
    [wheel] = (plugins[1][KIND] / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    base = site / PACKAGE / "base.py"
    base.write_text("class Base:\n    has_inner_state = False\n")
    model = (
        f"\nfrom .base import Base  # noqa\nOwn = {ARCHITECTURE}\n"
        f"class {ARCHITECTURE}(Base, Own): pass\n"
    )
    file = site / PACKAGE / "model.py"
    file.write_text(file.read_text() + model)
    settings = {"PYTHONPATH": str(site), "VLLM_CACHE_ROOT": str(cache)}
    assert "answer: False" in python("-c", INSPECT, **settings).stdout
    base.write_text("class Base:\n    has_inner_state = True\n")
    assert "answer: False" in python("-c", INSPECT, **settings).stdout

    result = python("-m", PACKAGE, "--json", **settings)
    found = json.loads(result.stdout)
    problems = [finding["found"] for finding in found if finding["level"] == "problem"]
    [note] = Path(cache, "modelinfos").glob("*.json")
    wanted = f"{note} is out of date, in has_inner_state, and vLLM relies on it."
    assert problems == [wanted], result.stdout
    assert result.returncode == 1
