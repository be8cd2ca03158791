"""Models that the guides make of a rendered one: green against HF, and red for each mistake.

Each takes minutes, and shows that a page is right, so that they are a lane of their own.
"""

import pytest
from lane import RUNNING, VERSION
from mistakes import assert_equal_and_mistakes_show
from shared import edits, environments
from shared.edits import GUIDES
from shared.rendering import LONG_LIMIT, SAME_IN_EACH_PACKAGE, run, run_own_tests

pytestmark = pytest.mark.guides


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_changed_as_a_guide_says_it_equals_hf_and_each_mistake_shows(settings, tmp_path, page):
    guide = edits.read_guide(page)
    if guide.answers["kind"] not in RUNNING:
        pytest.skip(f"{guide.answers['kind']} does not support vLLM {VERSION}")
    project = edits.render_guide(page, tmp_path / "right")
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    run(bin_folder / "python", "tests/_template/audit", "--record", cwd=project)
    assert_equal_and_mistakes_show(project, guide.mistakes, bin_folder, settings)
    # Compiled, and in vLLM's own processes.
    outcomes = run_own_tests(
        bin_folder, project, *SAME_IN_EACH_PACKAGE, limit=LONG_LIMIT, **settings
    )
    assert set(outcomes.values()) == {"passed"}, outcomes
