"""Several parts in one package on real vLLM: a model with every part, and a part that comes first."""

import pytest
from lane import VERSION, build
from shared import environments
from shared.rendering import (
    KINDS,
    LONG_LIMIT,
    MODELS,
    RULES,
    read_about,
    render_into,
    run_own_tests,
)

pytestmark = pytest.mark.real

PARTS = [
    kind for kind in KINDS if kind not in MODELS and VERSION in environments.supported_by(kind)
]
FIRST, *REST = PARTS


@pytest.mark.parametrize(
    ("kind", "also"),
    [(MODELS[0], ",".join(PARTS)), (FIRST, ",".join([MODELS[0], *REST]))],
    ids=["a model first", "a part first"],
)
def test_every_part_passes_its_own_tests_beside_the_others(tmp_path, kind, also):
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    project = render_into(tmp_path, kind=kind, also=also)
    about = read_about(project)
    environments.install(bin_folder, build(project))
    # The model is the one that test_models.py compares with Hugging Face's.
    options = ["--deselect", "tests/test_model.py"]
    outcomes = run_own_tests(bin_folder, project, *options, limit=LONG_LIMIT)
    assert set(outcomes.values()) == {"passed"}, outcomes
    tables = RULES["tables_of"]([kind, *also.split(",")])
    assert len(tables) > len(PARTS)
    for table, of in tables.items():
        [name] = about[table]
        assert any(f"of_this_package[{of['what']} {name}]" in test for test in outcomes), table
