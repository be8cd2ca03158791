"""A report says what it ran on, and every table calls stale what ran on something else."""

import importlib
import json
import re
import shutil
from pathlib import Path

import check_audit_on_releases
import matrix
import mutate
import pytest
from shared import freshness
from shared.environments import is_source_only
from shared.freshness import digest, files_of_lane, state_of
from shared.rendering import ROOT, copy_of_the_repository

PROJECT = "{{cookiecutter.package_name}}"
DECIDING = [
    "templates/kinds/decoder/plugin/model.py",
    "templates/kinds/multimodal/tests/test_model.py",
    "templates/shared/supported_vllm.txt",
    f"{PROJECT}/{PROJECT}/__init__.py",
    f"{PROJECT}/tests/_template/fixture_engine/vllm/fixture.py",
    f"{PROJECT}/.github/workflows/test.yml",
    "hooks/post_gen_project.py",
    "cookiecutter.json",
    "answer_rules.py",
    "template_extension.py",
    "tests/in_vllm/test_models.py",
    "tests/in_vllm/scripts/serve.py",
    "tests/engine/cases/faults.py",
    "tests/engine/test_conformance.py",
    "tools/shared/environments.py",
    "tools/shared/rendering.py",
]
UNRELATED = [
    "README.md",
    "CHANGELOG.md",
    "results/0.32.0.json",
    "results/README.md",
    "benchmarks/run.py",
    "tests/answers/test_answers.py",
    "templates/kinds/decoder/guide.md",
    "tools/matrix.py",
    ".github/workflows/test.yml",
    ".ci/run",
]


def of_real(root: Path = ROOT) -> str:
    return digest(*files_of_lane("real", root), root=root)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    return copy_of_the_repository(tmp_path_factory.mktemp("digest") / "a b" / "clone")


def test_a_digest_is_the_same_wherever_the_repository_stands(clone):
    assert of_real(clone) == of_real()
    assert re.fullmatch("[0-9a-f]{16}", of_real())


def test_a_digest_is_the_same_in_whichever_order_the_files_are_found(clone, monkeypatch):
    before, find = of_real(clone), Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda *args: reversed(list(find(*args))))
    assert digest(*reversed(files_of_lane("real", clone)), root=clone) == before


@pytest.mark.parametrize("name", DECIDING)
def test_an_edit_of_what_decides_changes_the_digest(clone, name):
    before, text = of_real(clone), (clone / name).read_bytes()
    (clone / name).write_bytes(text + b"#")
    assert of_real(clone) != before
    (clone / name).write_bytes(text)
    assert of_real(clone) == before


@pytest.mark.parametrize("name", UNRELATED)
def test_an_edit_of_anything_else_does_not(clone, name):
    before, text = of_real(clone), (clone / name).read_bytes()
    (clone / name).write_bytes(text + b"#")
    assert of_real(clone) == before
    (clone / name).write_bytes(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("templates/kinds/new/model.py", ""),
        (f"{PROJECT}/new.txt", ""),
        ("tests/in_vllm/test_new.py", ""),
        ("tests/test_new.py", "pytestmark = pytest.mark.real\n"),
    ],
)
def test_a_new_file_changes_it_and_so_does_another_name_for_it(clone, name, text):
    before, file = of_real(clone), clone / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    with_it = of_real(clone)
    other = file.rename(file.with_name(f"test_x{file.suffix}"))
    assert len({before, with_it, of_real(clone)}) == 3
    other.unlink()
    assert of_real(clone) == before


def test_what_tools_leave_behind_does_not_change_it(clone):
    before = of_real(clone)
    for folder in ("tests/in_vllm/__pycache__", f"{PROJECT}/.ruff_cache", "templates/.mypy_cache"):
        (clone / folder).mkdir()
        (clone / folder / "file").write_text("text")
    assert of_real(clone) == before
    shutil.rmtree(clone / ".git")
    assert of_real(clone) == before


def test_what_is_not_there_any_more_is_named():
    with pytest.raises(FileNotFoundError, match=r"tests/gone\.py decides what a report says"):
        digest("tests/gone.py")


def test_the_lane_in_the_fixture_engine_has_a_digest_of_its_own():
    assert "tests/in_vllm" not in files_of_lane("fixture")
    assert {"templates", PROJECT, "tests/engine/cases"} <= set(files_of_lane("fixture"))
    assert digest(*files_of_lane("fixture")) != of_real()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"about": {"digest": "now"}, "collected": ["a"], "results": {"a": {}}}, ""),
        ({"about": {"digest": "then"}, "collected": ["a"], "results": {"a": {}}}, freshness.STALE),
        ({"about": {"date": "2026-11-24"}, "results": {"a": {}}}, freshness.STALE),
        ({}, freshness.STALE),
        (
            {"about": {"digest": "now"}, "collected": ["a", "b", "c"], "results": {"a": {}}},
            "stale: it lacks 2 tests that were collected, b for one",
        ),
    ],
)
def test_a_report_of_another_state_or_without_some_tests_is_stale(report, expected):
    assert state_of(report, "now") == expected


@pytest.fixture
def lanes() -> dict[str, dict]:
    """The reports of what is supported, as if all were current."""
    lanes = {name: lane | {"state": ""} for name, lane in matrix.read_all().items()}
    return {name: lane for name, lane in lanes.items() if not is_source_only(name)}


def test_a_table_of_current_reports_calls_none_stale(lanes):
    assert "(stale" not in matrix.as_markdown(lanes)
    assert "(stale" not in matrix.summary(lanes)
    assert matrix.as_markdown(lanes).count("| current |") == len(lanes)


@pytest.mark.parametrize("stale", ["0.32.0", "all"])
def test_each_table_says_which_reports_are_stale(lanes, stale):
    for name in lanes if stale == "all" else [stale]:
        lanes[name]["state"] = freshness.STALE
    _, *sections = matrix.as_markdown(lanes).split("\n## ")
    assert len(sections) == 5
    for section in sections[:-1]:
        assert "(stale" in section, section[:80]
    assert sections[-1].count(freshness.STALE) == (len(lanes) if stale == "all" else 1)
    rows = [row for row in matrix.summary(lanes).splitlines() if row[2].isdigit()]
    assert [row for row in rows if "(stale)" not in row] == [] if stale == "all" else rows[:-1]


def test_a_test_that_no_report_of_an_engine_has_is_not_run_there(lanes):
    name = "test_int8_weights_give_the_tokens_of_the_in_tree_model_and_of_torch"
    del lanes["0.32.0"]["results"][name]
    [row] = [row for row in matrix.as_markdown(lanes).splitlines() if words(name) in row]
    assert row.endswith("| ✓ | not run |")


def words(name: str) -> str:
    return f"| {matrix.words(name)} |"


def test_a_run_keeps_its_digest_its_date_and_what_was_collected(monkeypatch):
    monkeypatch.setattr(matrix, "run_tests", lambda *options, **environment: {"test_a": {}})
    monkeypatch.setattr(matrix, "collect", lambda *options, **environment: ["test_a", "test_b"])
    report = matrix.report_on("real", "-n", "2")
    assert report["about"]["digest"] == of_real()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", report["about"]["date"])
    assert "it lacks 1 tests that were collected, test_b" in state_of(report, of_real())


def test_a_run_during_which_something_changed_is_stale(monkeypatch):
    monkeypatch.setattr(matrix, "collect", lambda *options: [])
    digests = iter("ab")
    monkeypatch.setattr(matrix, "digest", lambda *names: next(digests))
    monkeypatch.setattr(matrix, "run_tests", lambda *options: {})
    report = matrix.report_on("fixture")
    assert state_of(report, "a") == state_of(report, "b") == freshness.STALE


def test_what_pytest_collects_is_found_by_the_names_that_reports_have():
    names = matrix.collect("-m", "real", REAL_VLLM="0.27.1")
    assert "test_its_own_tests_pass_on_real_vllm[decoder]" in names
    assert "test_all_is_well[decoder]" in names
    assert "test_all_is_well[multimodal]" not in names
    assert len(names) > 100


FIRST, SECOND, *_ = mutate.FAST


def row_of(mutation: mutate.Mutation, digest: str) -> dict:
    row = {"file": "…", "lane": "fast", "noticed by": "test_it", "date": "2026-11-26"}
    return row | {"digest": digest}


def test_a_mutation_that_was_tried_on_another_state_is_stale(monkeypatch):
    monkeypatch.setattr(mutate, "FAST", [FIRST, SECOND, mutate.FAST[2]])
    monkeypatch.setattr(mutate, "REAL", mutate.REAL[:1])
    rows = {
        FIRST.name: row_of(FIRST, mutate.digest_of(FIRST)),
        SECOND.name: row_of(SECOND, "another"),
        mutate.REAL[0].name: {"file": "…", "lane": "real", "noticed by": "test_it"},
    }
    text = mutate.as_markdown(rows)
    ends = [line.rpartition(" | ")[2] for line in text.splitlines() if line.startswith("| ")]
    assert ends[1:] == ["2026-11-26 |", "2026-11-26, stale |", "not tried |", "no date, stale |"]
    assert f"Not tried: {mutate.FAST[2].name}." in text
    assert "Stale, tried on another state of the template or of the tests: 2." in text


def test_another_break_of_that_name_or_another_test_for_it_is_another_mutation():
    now = mutate.digest_of(FIRST)
    for field in ("old", "new", "tests"):
        changed = FIRST._replace(**{field: f"{getattr(FIRST, field)} and more"})
        assert mutate.digest_of(changed) != now
    assert mutate.digest_of(FIRST._replace(file=".ci/run")) != now


def test_some_mutations_alone_leave_the_rows_of_all_others(monkeypatch, tmp_path):
    before = {m.name: row_of(m, "another") for m in [FIRST, mutate.REAL[0]]}
    for name in ("RESULTS", "FILE"):
        monkeypatch.setattr(mutate, name, tmp_path / getattr(mutate, name).name)
    mutate.write(before)
    monkeypatch.setattr(mutate, "copy_of_the_repository", lambda folder: folder)
    monkeypatch.setattr(mutate, "first_failure", lambda *options, **settings: "")
    monkeypatch.setattr(mutate, "try_out", lambda m, real: row_of(m, mutate.digest_of(m)))
    assert mutate.main([SECOND.name]) == 0
    after = json.loads((tmp_path / "mutations.json").read_text())
    assert list(after) == [FIRST.name, SECOND.name, mutate.REAL[0].name]
    assert {name: after[name] for name in before} == before
    assert after[SECOND.name]["digest"] == mutate.digest_of(SECOND)


def test_a_report_on_the_audit_is_stale_as_any_other():
    report = check_audit_on_releases.read()
    current = report | {
        "about": {"date": "2026-11-26", "digest": digest(*check_audit_on_releases.DECIDING)}
    }
    assert (
        check_audit_on_releases.state_of(report | {"about": {"digest": "another"}})
        == freshness.STALE
    )
    assert check_audit_on_releases.state_of(current) == ""
    text = check_audit_on_releases.as_markdown(current)
    assert "Run on 2026-11-26; current." in text
    assert "| the audit |" in text
    stale = check_audit_on_releases.as_markdown(report | {"about": {}})
    assert stale.count("| the audit (stale) |") == 2
    assert "## False alarms (stale)" in stale
    [lacking, *_] = current["alarms"]
    less = {name: value for name, value in current["alarms"].items() if name != lacking}
    assert (
        check_audit_on_releases.state_of(current | {"alarms": less}) == f"stale: it lacks {lacking}"
    )


def test_figures_of_another_state_are_stale(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    run, report = map(importlib.import_module, ("run", "report"))
    results = report.read()
    assert set(results) == set(run.PARTS)
    current = {
        part: result | {"about": result["about"] | {"digest": report.digest_of(part)}}
        for part, result in results.items()
    }
    assert "stale" not in report.as_markdown(current)
    assert [name for name, *_ in report.goals(current) if "stale" in name] == []
    old = {part: result | {"about": {"digest": "another"}} for part, result in results.items()}
    assert report.as_markdown(old).count("(stale)") == len(run.PARTS)
    assert [name for name, *_ in report.goals(old) if not name.endswith(" (stale)")] == []
