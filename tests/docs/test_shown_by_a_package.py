"""What a package's documents show is what is printed: by vLLM's log, the doctor and the audit."""

import ast
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from documents import ENGINE
from shared.rendering import KINDS, SUPPORTED_VLLM, documents_of, install_into, result_of, run


def installed(project: Path, folder: Path) -> Path:
    """Return a folder in which a copy of a rendered project is installed: a build leaves traces."""
    install_into(folder / "site", shutil.copytree(project, folder / "project"))
    return folder / "site"


def another_plugin(folder: Path, name: str) -> Path:
    """Return a folder with the metadata of one more plugin, whose function does nothing."""
    metadata = folder / name / f"dist_of_{name}-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist-of-{name}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[vllm.general_plugins]\n{name} = gc:collect\n")
    return metadata.parent


LOADED = """
import json
from vllm.plugins import load_plugins_by_group
print(json.dumps(sorted(load_plugins_by_group("vllm.general_plugins"))))
"""
# What the table of a package's README says, and which of three installed plugins that means.
PLUGINS_LOADED = {
    "every plugin that is installed": ["other", "third", "vllm_my_model"],
    "this plugin and no other": ["vllm_my_model"],
    "these two": ["other", "vllm_my_model"],
    "this one: the space becomes part of the second name": ["vllm_my_model"],
    "none: no plugin has that name": [],
}


def test_vllm_plugins_does_what_the_table_of_a_package_says(render, tmp_path):
    project = render()
    table = documents_of(project).split("| `VLLM_PLUGINS` |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE)
    assert [claim for _, claim in rows] == list(PLUGINS_LOADED)
    others = [another_plugin(tmp_path, name) for name in ("other", "third")]
    point = another_plugin(tmp_path, "vllm_my_model")
    path = os.pathsep.join(map(str, [ENGINE, *others, point]))
    tried = 0
    for cell, claim in rows:
        values = re.findall(r"`([^`]+)`", cell)
        values += [None] if "not set" in cell else []
        values += [""] if "set and empty" in cell else []
        for value in values:
            settings = {k: v for k, v in os.environ.items() if k != "VLLM_PLUGINS"}
            settings |= {"PYTHONPATH": path} | ({} if value is None else {"VLLM_PLUGINS": value})
            loaded = json.loads(run(sys.executable, "-c", LOADED, env=settings).stdout)
            assert loaded == PLUGINS_LOADED[claim], (value, claim)
            tried += 1
    assert tried == len(PLUGINS_LOADED) + 1


def test_the_log_of_plugins_is_the_one_that_the_readme_shows(render, tmp_path):
    site = installed(render(), tmp_path)
    path = os.pathsep.join(map(str, [ENGINE, site]))
    settings = os.environ | {"PYTHONPATH": path, "VLLM_LOGGING_LEVEL": "DEBUG"}
    result = result_of(sys.executable, "-m", "vllm.fixture", env=settings)
    logged = [line for line in result.stderr.splitlines() if "->" in line]
    logged = [re.sub(r"pid=\d+", "pid=…", line) for line in logged]
    logged = [re.sub(r"(?<= DEBUG ).*?(?= - )", "…", line) for line in logged]
    readme = documents_of(render())
    assert "\n".join(["| grep -e '->'", *logged, "```"]) in readme


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_of_the_doctor_stands_in_a_line_of_its_own(render, kind):
    project = render(kind=kind)
    text = (project / "docs" / "_template" / "loading.md").read_text(encoding="utf-8")
    command = rf"^\$ python -m {project.name}( /path/to/llama)?\nok  "
    assert len(re.findall(command, text, re.MULTILINE)) == 1


# What only an engine with models, or vLLM's own files, would say.
ONLY_IN_VLLM = {
    "ok       The class of the architecture MyModelForCausalLM can be imported.",
}


def test_the_doctor_says_what_the_readme_shows(render, tmp_path):
    """As far as the fixture engine goes; the real lane compares the whole."""
    site = installed(render(), tmp_path)
    folder = tmp_path / "llama"
    folder.mkdir()
    names = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    (folder / "config.json").write_text(json.dumps(names))
    (folder / "model.safetensors").touch()
    settings = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [site, ENGINE]))}
    command = [sys.executable, "-m", "vllm_my_model", str(folder)]
    result = result_of(*command, env=settings, cwd=tmp_path)
    printed = result.stdout.replace(str(site), "/path/to/site-packages")
    printed = printed.replace(str(folder), "/path/to/llama")
    printed = printed.replace("The fixture engine", "vLLM")
    printed = printed.replace(str(ENGINE / "vllm"), "/path/to/site-packages/vllm")
    printed = re.sub(r"(vLLM |tested: |to )\d+\.\d+\.\d+", r"\1…", printed)
    readme = documents_of(render())
    [shown] = re.findall(r"^\$ python -m \w+ /path/to/llama\n(.+?)^```", readme, re.M | re.S)
    known = [line for line in shown.splitlines() if line not in ONLY_IN_VLLM]
    # The config class has another place where transformers is installed.
    place = r"of transformers\S*[.:](LlamaConfig)"
    said, expected = (re.sub(place, r"of …\1", text) for text in (printed, "\n".join(known)))
    said = re.sub(r"of vllm\._transformers:(LlamaConfig)", r"of …\1", said)
    assert said.splitlines() == expected.splitlines()
    assert result.returncode == 1
    assert len(shown.splitlines()) == len(known) + len(ONLY_IN_VLLM)


def test_the_report_of_the_audit_has_the_parts_that_the_readme_shows(project):
    readme = documents_of(project)
    audit = (project / "tests" / "_template" / "audit" / "findings.py").read_text(encoding="utf-8")
    [sections] = re.findall(r"^SECTIONS = (\(.+?\))$", audit, re.MULTILINE | re.DOTALL)
    [shown] = re.findall(r"^```text\n(vLLM .+?)^```", readme, re.MULTILINE | re.DOTALL)
    assert tuple(re.findall(r"^([A-Z]\w+)$", shown, re.MULTILINE)) == ast.literal_eval(sections)
    # Where a use stands, and how many there are, changes with each edit of the model.
    assert re.findall(r"\.py:\d|\d+ symbols", readme) == []
    versions = set(re.findall(r"\bvLLM (\d+\.\d+\.\d+)", readme))
    assert versions <= set(SUPPORTED_VLLM)
