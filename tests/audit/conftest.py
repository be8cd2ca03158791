"""What the tests of the audit share: a project to run its command in, and its modules."""

import importlib
import sys
from pathlib import Path

import pytest
from audited_project import AUDIT, PLUGIN, write_vllm
from plugin_source import Plugin
from shared.rendering import run


@pytest.fixture
def project(tmp_path) -> Path:
    """A plugin with the rendered audit, and what it uses recorded on the small vLLM."""
    project = tmp_path / "project"
    audit = project / "tests" / "_template" / "audit"
    audit.mkdir(parents=True)
    for file in AUDIT.glob("*.py"):
        text = file.read_text().replace("{{ cookiecutter.package_name }}", "plugin")
        (audit / file.name).write_text(text)
    (project / "plugin").mkdir()
    (project / "plugin" / "__init__.py").touch()
    (project / "plugin" / "about.py").write_text('ARCHITECTURES = {"Model": "model:Model"}\n')
    (project / "plugin" / "model.py").write_text(PLUGIN)
    old = write_vllm(tmp_path / "old", "1.0")
    run(sys.executable, "tests/_template/audit", old, "--record", cwd=project)
    return project


@pytest.fixture
def tools(monkeypatch):
    """The modules of the audit, by name, in this process."""
    monkeypatch.syspath_prepend(AUDIT)
    names = [file.stem for file in AUDIT.glob("*.py") if file.stem != "__main__"]
    yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name)


@pytest.fixture
def plugin(tools, tmp_path):
    return lambda code, **files: Plugin(tools, tmp_path, code, **files)
