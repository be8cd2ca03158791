"""The kind stat_logger: what its doctor says of environments in which vLLM makes none, or it cannot write."""

from pathlib import Path

import pytest
from installed_package import Installed, install
from shared.rendering import read_about, render_into

KIND, PACKAGE = "stat_logger", "vllm_my_stat_logger"
GROUP = "vllm.stat_logger_plugins"
FOLDER = f"STATS_OF_{PACKAGE.upper()}"
LINE = '    PLUGIN_NAME: "stat_logger:MyStatLogger",\n'


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return install(tmp_path_factory.mktemp(KIND), kind=KIND)


def problems(found: list) -> list[str]:
    return [f"{text} {cure}" for level, text, cure in found if level == "problem"]


def test_the_doctor_says_where_a_server_would_write(installed, tmp_path):
    status, found = installed.doctor(tmp_path)
    assert (status, {level for level, _, _ in found}) == (0, {"ok"}), found
    assert any(f"it writes into {tmp_path / 'request_stats'}; " in text for _, text, _ in found)
    found = installed.findings("stat_loggers", **{FOLDER: str(tmp_path / "other" / "folder")})
    [(level, text, _)] = found
    assert (level, f"it writes into {tmp_path}/other/folder; " in text) == ("ok", True)
    # It has tried, and left nothing behind.
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_names_a_folder_that_cannot_be_written(installed, tmp_path):
    (tmp_path / "file").touch()
    [problem] = problems(
        installed.findings("stat_loggers", **{FOLDER: str(tmp_path / "file" / "a")})
    )
    assert f"Nothing can be written into {tmp_path / 'file' / 'a'}: NotADirectoryError" in problem
    assert f"name another folder in {FOLDER}." in problem


def test_the_doctor_says_that_vllm_plugins_leaves_it_out(installed, tmp_path):
    status, found = installed.doctor(tmp_path, VLLM_PLUGINS="another")
    [problem] = problems(found)
    assert status == 1
    assert problem.startswith("VLLM_PLUGINS is 'another', without the plugin's name.")
    assert "keep out" not in problem


def test_the_doctor_names_a_second_one_that_vllm_plugins_leaves_out(installed, tmp_path):
    second = LINE.replace("PLUGIN_NAME", '"second"')
    copy = installed.changed(tmp_path, "about.py", LINE, LINE + second)
    [problem] = problems(copy.findings("stat_loggers", VLLM_PLUGINS=PACKAGE))
    assert f"VLLM_PLUGINS is '{PACKAGE}', and keeps out the stat logger second. " in problem
    assert "add second to it" in problem
    assert problems(copy.findings("stat_loggers", VLLM_PLUGINS=f"{PACKAGE},second")) == []


def test_the_doctor_names_one_that_the_installed_metadata_does_not_name(installed, tmp_path):
    copy = installed.copied(tmp_path)
    [file] = copy.site.glob("*.dist-info/entry_points.txt")
    file.write_text(file.read_text().partition(f"[{GROUP}]")[0])
    status, found = copy.doctor(tmp_path)
    [problem] = problems(found)
    title = f"the stat_logger {PACKAGE}"
    assert problem.startswith(f"No entry point in {GROUP} names {title}, which about.py names. ")
    assert status == 1
    assert "install" in problem


def test_the_doctor_names_another_one_of_the_same_name(installed, tmp_path):
    copy = installed.copied(tmp_path)
    # Found later, so that it is the one that vLLM makes.
    other = tmp_path / "later" / "other-1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (other / "entry_points.txt").write_text(f"[{GROUP}]\n{PACKAGE} = json:JSONDecoder\n")
    path = f"{copy.environment()['PYTHONPATH']}:{other.parent}"
    status, found = copy.doctor(tmp_path, PYTHONPATH=path)
    [problem] = problems(found)
    assert problem.startswith(f"The stat_logger {PACKAGE} belongs to json:JSONDecoder. ")
    assert status == 1


def test_its_entry_point_has_the_name_that_vllm_plugins_lets_in(tmp_path):
    names = {"plugin_name": "other.name", "class_name": "Surprise", "registered_name": "unused"}
    project: Path = render_into(tmp_path, kind=KIND, package_name="acme_stats", **names)
    assert read_about(project)["STAT_LOGGERS"] == {"other.name": "stat_logger:Surprise"}
    assert "STATS_OF_ACME_STATS=/" in (project / "README.md").read_text(encoding="utf-8")
