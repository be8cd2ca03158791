"""The code, settings, options and paths that a package's documents name are there."""

import json
import re
import sys
from pathlib import Path

from documents import words_of
from shared.rendering import documents_of, read_about, run


def test_the_version_of_a_package_is_the_same_in_all_its_documents(project):
    [version] = re.findall(r'^    version="([\d.]+)",$', (project / "setup.py").read_text(), re.M)
    readme = documents_of(project)
    changelog = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## ([\d.]+)$", changelog, re.MULTILINE) == [version]
    assert f"git tag v{version} && git push origin v{version}" in readme
    assert f"-{version}.dist-info" in readme


def blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.+?)^```", readme, re.MULTILINE | re.DOTALL)


def test_the_code_that_a_readme_shows_is_sound(project):
    readme = documents_of(project)
    languages = set(re.findall(r"^```(\w+)$", readme, re.MULTILINE))
    assert languages == {"bash", "python", "json", "console", "text"}
    for code in blocks(readme, "python"):
        compile(code, "README.md", "exec")
    for code in blocks(readme, "bash"):
        run("bash", "-n", "-c", code)
    [names] = map(json.loads, blocks(readme, "json"))
    about = read_about(project)
    assert names == {
        "architectures": list(about["ARCHITECTURES"]),
        "model_type": next(iter(about["MODEL_TYPES"])),
    }


def test_the_settings_for_a_machine_without_a_gpu_are_those_of_the_tests(project):
    readme = documents_of(project)
    engine = (project / "tests" / "_template" / "engine.py").read_text(encoding="utf-8")
    [space] = re.findall(r"`VLLM_CPU_KVCACHE_SPACE=(\d+)`", readme)
    assert f'os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "{space}")' in engine


def test_a_model_is_served_by_the_runner_that_its_tests_use(project):
    named = r"runner[ =]\"?(\w+)"
    readme = documents_of(project)
    tests = (project / "tests" / "test_model.py").read_text(encoding="utf-8")
    shown = "".join(blocks(readme, "bash") + blocks(readme, "python"))
    assert set(re.findall(named, shown)) == set(re.findall(named, tests))


def test_the_extras_that_a_readme_names_are_there(project):
    readme = documents_of(project)
    setup = (project / "setup.py").read_text(encoding="utf-8")
    named = set(re.findall(r"pip install .*?\[(\w+)\]'", readme))
    assert named == set(re.findall(r'^        "(\w+)": \[f?"(?:vllm|griffe)', setup, re.MULTILINE))
    assert named == {"test", "vllm"}


def test_the_options_of_the_audit_that_a_readme_names_are_there(project):
    readme = documents_of(project)
    commands = re.findall(r"python (tests/_template/audit[^`\n]*)", readme)
    named = {option for command in commands for option in re.findall(r"--[a-z-]+", command)}
    assert {"--markdown", "--record"} <= named
    shown = run(sys.executable, project / "tests" / "_template" / "audit", "--help").stdout
    assert named <= set(re.findall(r"--[a-z-]+", shown))


def test_the_user_of_the_image_has_the_home_that_the_readme_names(project):
    readme = documents_of(project)
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    [home] = re.findall(r"are in `(\S+)/\.cache`", words_of(readme))
    assert dockerfile.endswith(f"WORKDIR {home}\n")
    assert f"useradd --create-home {Path(home).name}\n" in dockerfile


def test_the_paths_that_the_readme_of_a_package_names_are_there(project):
    readme = documents_of(project)
    names = re.findall(r"`([\w./-]+\.(?:py|yml|json|md|toml)|[\w.-]+/[\w./-]*)`", readme)
    assert len(names) > 10
    others = ("tests", "tests/_template/audit", "docs/_template", ".github/workflows", project.name)
    folders = [project, *(project / name for name in others)]
    # Of a checkpoint, and of a package that takes the audit alone.
    elsewhere = {"config.json", "reference_PACKAGE.json"}
    missing = [
        name
        for name in names
        if name not in elsewhere
        and not name.startswith("/")
        and not any((folder / name).exists() for folder in folders)
    ]
    assert missing == []
