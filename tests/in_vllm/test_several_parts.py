"""Several parts in one package on real vLLM: they are registered, and found well, side by side."""

import pytest
from lane import RUNNING_PARTS, VERSION, build
from shared import environments
from shared.rendering import (
    LONG_LIMIT,
    MODELS,
    RULES,
    read_about,
    render_into,
    run_own_tests,
)

pytestmark = pytest.mark.real


def test_a_model_with_every_part_passes_the_tests_that_all_packages_have(tmp_path):
    """What each part does beside the others is asked of one server, by test_served.py."""
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    project = render_into(tmp_path, kind=MODELS[0], also=",".join(RUNNING_PARTS))
    about = read_about(project)
    environments.install(bin_folder, build(project))
    outcomes = run_own_tests(bin_folder, project, "tests/_template", limit=LONG_LIMIT)
    assert set(outcomes.values()) == {"passed"}, outcomes
    tables = RULES["tables_of"]([MODELS[0], *RUNNING_PARTS])
    assert len(tables) > len(RUNNING_PARTS)
    for table, of in tables.items():
        [name] = about[table]
        assert any(f"of_this_package[{of['what']} {name}]" in test for test in outcomes), table
