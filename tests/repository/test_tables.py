"""Every table of results is what its tool makes of the reports, and says what of these is stale.

After a change that makes a report stale, ``--tables`` of that tool writes them anew.
"""

import importlib

import check_audit_on_releases
import matrix
import mutate
import pytest
from shared import source_only
from shared.environments import is_source_only
from shared.rendering import KINDS, ROOT, RULES, SUPPORTED_VLLM

README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "results"


def test_the_readme_has_what_was_seen_of_the_supported_versions():
    lanes = matrix.read_all()
    # None is left over from before its release was supported.
    early = sorted(f"{file.stem[:-7]}+source" for file in RESULTS.glob("*-source.json"))
    assert list(lanes) == ["fixture", *SUPPORTED_VLLM, *early]
    cure = "python tools/matrix.py --tables"
    assert f"\n\n{matrix.summary(lanes)}\n<!-- end -->" in README, cure


def test_the_tables_of_results_are_those_of_the_reports():
    text = (RESULTS / "README.md").read_text(encoding="utf-8")
    assert text == matrix.as_markdown(matrix.read_all()), "python tools/matrix.py --tables"


def test_the_page_on_support_says_of_every_kind_what_is_not_shown():
    for kind in KINDS:
        stated = RULES["room"](kind)["not_shown"]
        assert stated is None or (len(stated) > 20 and "\n" not in stated), kind
    page = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
    table = matrix.not_shown()
    assert table.count("\n") == len(KINDS) + 2
    assert f"\n\n{table}\n<!-- end -->" in page, "python tools/matrix.py --tables"


def test_every_mutation_fits_its_file_and_names_tests_that_are_there():
    assert len(mutate.FAST) > 200
    mutations = [*mutate.FAST, *mutate.REAL]
    texts = {each.file: (ROOT / each.file).read_text(encoding="utf-8") for each in mutations}
    assert [each.name for each in mutations if each.old not in texts[each.file]] == []
    named = {word.partition("::")[0] for each in mutations for word in each.tests.split()}
    files = {word for word in named if word.startswith("tests/")}
    assert [file for file in sorted(files) if not (ROOT / file).exists()] == []


def test_the_table_of_mutations_is_that_of_the_report_and_none_survives():
    text = (RESULTS / "mutations.md").read_text(encoding="utf-8")
    assert text == mutate.as_markdown(mutate.read()), "python tools/mutate.py --tables"
    assert "Survivors: none." in text


def test_the_tables_on_the_audit_are_those_of_the_report():
    text = (RESULTS / "audit.md").read_text(encoding="utf-8")
    assert text == check_audit_on_releases.as_markdown(check_audit_on_releases.read()), (
        "python tools/check_audit_on_releases.py --tables"
    )


def test_the_tables_of_figures_are_those_of_the_report(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    report = importlib.import_module("report")
    results, cure = report.read(), "python benchmarks/run.py --tables"
    text = (RESULTS / "benchmarks.md").read_text(encoding="utf-8")
    assert text == report.as_markdown(results), cure
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    for question in report.QUESTIONS:
        mark, table = (
            f"<!-- by benchmarks/run.py: {question} -->",
            report.summary(results, question),
        )
        assert f"{mark}\n\n{table}\n<!-- end -->" in readme, cure


def test_each_failure_with_a_reason_is_one_that_was_seen():
    early = [lane for name, lane in matrix.read_all().items() if is_source_only(name)]
    failed = {name for lane in early for name, *_ in source_only.failures(lane)}
    assert set(source_only.NOT_PREDICTED) <= failed


@pytest.mark.parametrize("name", matrix.read_all())
def test_a_report_that_is_not_stale_has_all_tests_of_its_lane_and_none_failed(name):
    """On a release that is source only, one may have failed that was predicted or has a reason."""
    report = matrix.read_all()[name]
    failed = [test for test, each in report["results"].items() if each["outcome"] == "failed"]
    assert (source_only.unexplained(report) if is_source_only(name) else failed) == []
    if not report["state"]:
        environment = {} if name == "fixture" else {"REAL_VLLM": name}
        now = matrix.collect(*matrix.SELECTED[matrix.lane_of(name)], **environment)
        assert set(now) == set(report["collected"]) == set(report["results"])
