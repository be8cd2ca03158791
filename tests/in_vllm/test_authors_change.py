"""Rendered models that an author has changed: green against HF, and red for each mistake."""

import changes
import pytest
from lane import NAMES, RUNNING, VERSION
from mistakes import assert_equal_and_mistakes_show
from shared import edits, environments
from shared.rendering import MODELS, render_into

pytestmark = pytest.mark.real


@pytest.mark.parametrize("kind", MODELS)
def test_changed_as_readme_says_it_equals_hf_and_each_mistake_shows(settings, tmp_path, kind):
    if kind not in RUNNING:
        pytest.skip(f"{kind} does not support vLLM {VERSION}")
    changed, mistakes = changes.changes_of(kind)
    assert len(mistakes) >= 5
    project = render_into(tmp_path / "right", kind=kind, **NAMES[kind])
    edits.apply(changed, project)
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    assert_equal_and_mistakes_show(project, mistakes, bin_folder, settings)
