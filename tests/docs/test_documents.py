"""What a document counts, lists or promises is what its source has: no figure is kept by hand."""

import ast
import importlib
import json
import math
import os
import re
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import check_audit_on_releases
import mutate
import pytest
from shared.cases import case_names
from shared.environments import supported_by
from shared.rendering import (
    FIXTURE_ENGINE,
    KINDS,
    MODELS,
    ROOT,
    SUPPORTED_PYTHONS,
    SUPPORTED_VLLM,
    TEMPLATE,
    TEMPLATES,
    documents_of,
    install_into,
    read_about,
    render_into,
    result_of,
    run,
)

RESULTS, BENCHMARKS = ROOT / "results", ROOT / "benchmarks"
ENGINE = TEMPLATE / FIXTURE_ENGINE
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
TEMPLATE_VERSION = QUESTIONS["_template_version"]
NUMBERS = [
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
]


def read(*path: str) -> str:
    """Return a document, without the way in which its lines are wrapped."""
    return ROOT.joinpath(*path).read_text(encoding="utf-8")


def words_of(text: str) -> str:
    return " ".join(text.split())


def by_hand(document: str) -> str:
    """Return a document without the tables that a tool writes into it."""
    return re.sub(r"<!-- by .*?<!-- end -->", "", document, flags=re.DOTALL)


README, CONTRIBUTING = read("README.md"), read("CONTRIBUTING.md")
BENCHMARKS_README = read("benchmarks", "README.md")
PROSE = words_of(README)


@pytest.fixture(params=MODELS)
def project(request, render) -> Path:
    return render(kind=request.param)


# README: what it counts


@pytest.mark.parametrize(("cases", "what"), [("conformance", "behaviours"), ("faults", "faults")])
def test_readme_counts_what_both_engines_are_held_to(cases, what):
    assert re.findall(rf"(\d+) {what}\b", PROSE) == [str(len(case_names(cases)))]


def test_readme_counts_the_random_answers():
    text = read("tests", "answers", "test_any_answer.py")
    examples = int(re.findall(r"^EXAMPLES = (\d+)$", read("tests", "conftest.py"), re.M)[0])
    sets = examples * len(MODELS) * len(re.findall(r"^@given\(", text, re.MULTILINE))
    assert f"tries {sets:,} sets of answers, `--hypothesis-profile=thorough` ten times" in text
    assert re.findall(r"\| ([\d,]+) sets \|", CONTRIBUTING) == [f"{10 * sets:,}"]


def test_readme_names_the_pythons_and_the_vllms():
    oldest, newest = SUPPORTED_PYTHONS[0], SUPPORTED_PYTHONS[-1]
    assert f"Python {oldest} or newer" in PROSE
    assert f"support Python {oldest} to {newest}." in PROSE
    assert f'python_requires=">={oldest}"' in (TEMPLATE / "setup.py").read_text()
    starts = dict(re.findall(r"`(\w+)` starts at ([\d.]+):", PROSE))
    assert starts == {
        kind: supported_by(kind)[0] for kind in KINDS if supported_by(kind) != SUPPORTED_VLLM
    }
    [another] = re.findall(r"REAL_VLLM=(\S+)", CONTRIBUTING)
    assert another in SUPPORTED_VLLM[:-1]


def test_readme_gives_no_time_and_no_size_but_in_what_was_measured():
    """A figure that no run has written grows old, and nobody sees it."""
    text = by_hand(README + CONTRIBUTING + BENCHMARKS_README)
    units = r"(seconds?|minutes?|hours?|s|ms|GB|MB|GiB|MiB)"
    assert re.findall(rf"\b\d[\d.,]*\s+{units}\b", text) == []
    numbers = "|".join([*NUMBERS, "half an"])
    assert re.findall(rf"\b({numbers})\s+{units}\b", text) == []


# README: what it can be told to do


def test_every_command_of_the_table_has_its_file_and_its_options():
    table = CONTRIBUTING.split("| what | command | needs |")[1].split("\n\n")[0]
    commands = re.findall(r"`(?:REAL_VLLM=\S+ )?\.venv/bin/(\w+) ([^`]+)`", table)
    assert len(commands) == 8
    markers = read("pyproject.toml")
    for program, arguments in commands:
        assert program in ("pytest", "python")
        for file in re.findall(r"\S+\.py", arguments):
            assert (ROOT / file).exists(), file
        for marker in re.findall(r"-m (\w+)", arguments):
            assert f'"{marker}: ' in markers, marker
        for profile in re.findall(r"--hypothesis-profile=(\w+)", arguments):
            assert f'register_profile(\n    "{profile}"' in read("tests", "conftest.py")
    assert '"--real" in words' in read("tools", "mutate.py")


def test_the_files_that_commands_name_are_there():
    text = words_of(CONTRIBUTING + read("RELEASING.md"))
    files = re.findall(r"(?:bin/python|-r|bash|bin/pytest) ([\w./]+/[\w./]+)", text)
    assert {Path(name).suffix for name in files} == {".py", ".txt", ""}
    assert len(set(files)) >= 7
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_variables_that_readme_names_are_those_that_are_read():
    assert set(re.findall(r"\b([A-Z_]+)=", CONTRIBUTING)) == {"REAL_VLLM"}
    assert 'os.environ.get("REAL_VLLM"' in read("tools/shared/environments.py")


def test_the_hook_counts_the_commands_that_follow(tmp_path, capfd):
    render_into(tmp_path)
    _, start, commands = capfd.readouterr().out.partition("The plugin is ready. The next ")
    number, _, rest = commands.partition(" commands install and test it:\n")
    assert start
    lines = rest.splitlines()
    assert number == NUMBERS[len(lines)]
    # To be copied as they stand.
    assert all(line.startswith("    ") and line.strip() for line in lines)


# Tables that a script writes


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module("run")


@pytest.fixture(scope="module")
def measured() -> dict:
    return json.loads((RESULTS / "benchmarks.json").read_text(encoding="utf-8"))


def test_what_was_measured_is_in_the_tables_and_nothing_else(benchmark, measured):
    report = benchmark.report
    assert read("results", "benchmarks.md") == report.as_markdown(measured)
    tables = re.findall(r"<!-- by (.+?) -->\n\n(.+?)\n<!-- end -->", BENCHMARKS_README, re.DOTALL)
    assert tables == [
        (f"benchmarks/run.py: {question}", report.summary(measured, question))
        for question in ("server", "start", "memory", "authors")
    ]


def test_everything_with_a_goal_answers_one_question_of_the_readme(benchmark, measured):
    report = benchmark.report
    shown = [line for question in report.QUESTIONS for line in rows_of(report, measured, question)]
    assert sorted(shown) == sorted(f"| {' | '.join(cells)} |" for cells in report.goals(measured))
    assert all(rows_of(report, measured, question) for question in report.QUESTIONS)
    assert report.question_of("peak memory, served") == "memory"
    # What nobody has assigned is shown all the same.
    assert report.question_of("something new") == "authors"


def rows_of(report, measured: dict, question: str) -> list[str]:
    return report.summary(measured, question).splitlines()[2:]


def test_all_parts_were_measured_and_named(benchmark, measured):
    assert list(measured) == list(benchmark.PARTS)
    [named] = re.findall(r"Parts: ([\w, \n]+)\.", benchmark.__doc__)
    assert re.findall(r"\w+", named) == list(benchmark.PARTS)
    table, *_ = BENCHMARKS_README.partition("| part | what it measures |\n")[2].split("\n\n")
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(benchmark.PARTS)


def test_the_benchmarks_readme_names_each_script_and_each_option(benchmark):
    table = BENCHMARKS_README.partition("| file | what it does |\n")[2]
    named = re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)
    assert sorted(named) == sorted(file.name for file in BENCHMARKS.glob("*.py"))
    source = read("benchmarks", "run.py")
    for word in ("PYTHON_WITH_VLLM", "--tables"):
        assert word in BENCHMARKS_README
        assert f'"{word}"' in source


def test_the_picture_shows_what_was_measured(measured):
    """On logarithmic axes a measured curve is the figures, moved and stretched."""
    space = "{http://www.w3.org/2000/svg}"
    picture = ElementTree.parse(RESULTS / "growth.svg")
    axes = [g for g in picture.iter(f"{space}g") if g.get("id", "").startswith("axes_")]
    series = list(measured["growth"]["series"].values())
    assert len(axes) == len(series)
    for axis, values in zip(axes, series, strict=True):
        curves = [p.attrib["d"] for p in axis.iter(f"{space}path") if p.get("clip-path")]
        curve = next(d for d in curves if d.count("L") == len(values["x"]) - 1)
        points = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", curve)]
        for drawn, figures in zip(zip(*points, strict=True), values.values(), strict=True):
            logs = [math.log(figure) for figure in figures]
            assert shape(drawn) == pytest.approx(shape(logs), abs=1e-4)


def shape(values) -> list[float]:
    """Return numbers, moved and stretched so that the first is 0 and the farthest from it 1."""
    distances = [value - values[0] for value in values]
    return [distance / max(distances, key=abs) for distance in distances]


def test_what_the_mutations_and_the_predictions_showed_is_in_their_tables():
    for name, script in (("mutations", mutate), ("audit", check_audit_on_releases)):
        found = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        assert read("results", f"{name}.md") == script.as_markdown(found)


# DESIGN, RELEASING, CHANGELOG


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CONTRIBUTING.md",
        "DESIGN.md",
        "RELEASING.md",
        "CHANGELOG.md",
        "docs/loading.md",
        "benchmarks/README.md",
        "results/benchmarks.md",
    ],
)
def test_the_paths_that_a_document_names_are_there(document):
    text = read(document)
    paths = [p for p in re.findall(r"`([\w./-]+)`", text) if "/" in p or p.endswith((".py", ".md"))]
    paths += re.findall(r"\]\(([\w./-]+)\)", text)
    folders = (TEMPLATE, TEMPLATES)
    rendered = {path.name for folder in folders for path in folder.rglob("*")} | {"VERSION.json"}
    # The folders of a room.
    rendered |= {f"{path.name}/" for path in TEMPLATES.glob("*/*/*/")}
    missing = [
        path
        for path in map(str.strip, paths)
        if path not in rendered
        and not path.startswith((".venv/", "pypa/"))
        and not (ROOT / path).exists()
        and not (ROOT / document).parent.joinpath(path).exists()
        and not (TEMPLATE / path).exists()
        and not path.endswith(("/KIND/", "/KIND", ".cache/"))
    ]
    assert missing == []


def test_the_version_of_the_template_heads_the_changelog_and_is_the_one_to_tag():
    versions = re.findall(r"^## ([\d.]+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == TEMPLATE_VERSION
    tags = re.findall(r"^\$ git tag -a (\S+) -m (\S+)$", read("RELEASING.md"), re.MULTILINE)
    assert tags == [(f"v{TEMPLATE_VERSION}", TEMPLATE_VERSION)]
    assert f"$ git push origin v{TEMPLATE_VERSION}\n" in read("RELEASING.md")


def test_the_changelog_counts_the_kinds_that_the_first_version_had():
    [(number, names)] = re.findall(
        r"(\w+) kinds of model \((.+?)\)", words_of(read("CHANGELOG.md"))
    )
    kinds = re.findall(r"`(\w+)`", names)
    assert number == NUMBERS[len(kinds)]
    assert set(kinds) <= set(KINDS)


# README of a package


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


# README of the fixture engine


def fixture_readme() -> str:
    return (ENGINE / "README.md").read_text(encoding="utf-8")


ASK = """
import inspect, json, vllm
from vllm.fixture import start_engine
print(json.dumps([
    vllm.__version__, list(vllm.ModelRegistry.get_supported_archs()),
    str(inspect.signature(start_engine)), list(start_engine()[0]),
]))
"""


@pytest.fixture(scope="module")
def fixture_facts() -> list:
    settings = os.environ | {"PYTHONPATH": str(ENGINE)}
    return json.loads(run(sys.executable, "-c", ASK, env=settings).stdout)


def test_the_fixture_engine_says_which_vllm_it_stands_in_for(fixture_facts):
    newest = SUPPORTED_VLLM[-1]
    assert fixture_facts[0] == newest
    [named] = re.findall(r"the part of vLLM (\S+) that loads plugins", fixture_readme())
    assert named == newest.rpartition(".")[0]


def test_the_fixture_engine_counts_its_architectures(fixture_facts):
    [(number, names)] = re.findall(r"^\| (\w+) in-tree names \((.+?)\)", fixture_readme(), re.M)
    assert re.findall(r"`(\w+)`", names) == fixture_facts[1]
    assert number == NUMBERS[len(fixture_facts[1])].capitalize()
    [count] = re.findall(r"\| About (\d+), with models\.", fixture_readme())
    taken = len(read("taken_names", "architectures.txt").split())
    assert int(count) == round(taken, -2)


def test_the_fixture_engine_says_how_it_is_started_and_what_it_reports(fixture_facts):
    text = words_of(fixture_readme())
    signature = fixture_facts[2].partition(" ->")[0].replace("'", '"')
    assert f"`vllm.fixture.start_engine{signature}`" in text
    listed = text.partition("as JSON: ")[2].partition(" Logs and prints")[0]
    assert re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", listed)) == fixture_facts[3]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--workers", "1"], 0),
        (["--workers", "64", "--help"], 0),
        (["--architecture", "Unknown"], 1),
        (["--workers", "0"], 2),
        (["--workers", "65"], 2),
    ],
)
def test_the_fixture_engine_ends_with_the_status_that_is_written(options, status):
    text = words_of(fixture_readme())
    assert (
        "Exit status: 0; 1 if the engine did not start, with the reason in the last line; " in text
    )
    assert "2 for wrong options" in text
    assert "An engine core and 1 to 64 workers start" in text
    settings = os.environ | {"PYTHONPATH": str(ENGINE)}
    command = [sys.executable, "-m", "vllm.fixture", *options]
    result = result_of(*command, env=settings)
    assert result.returncode == status
    if status == 1:
        assert "are not supported for now" in result.stderr.splitlines()[-1]


def test_the_command_of_the_fixture_engines_readme_runs(project):
    [command] = re.findall(r"^    PYTHONPATH=(\S+) python (-m .+)$", fixture_readme(), re.M)
    path, arguments = command
    settings = os.environ | {"PYTHONPATH": str(project / path)}
    result = run(sys.executable, *arguments.split(), env=settings, cwd=project)
    assert len(json.loads(result.stdout)) == 4
