"""The doctor finds what is wrong in new processes, and with what vLLM caches between them."""

import os

import pytest
from breaking import ARCHITECTURE, ENGINE, HEALTHY, MODEL_TYPE, NAME, append, edit
from shared.rendering import run

pytestmark = pytest.mark.xdist_group("doctor")


def test_a_spawned_process_does_not_see_the_plugin(doctor, site):
    start = "    import multiprocessing\n    if multiprocessing.parent_process(): return\n"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", start + "    attempt(warn_if")
    process = "In a new process (start method spawn)"
    expected = [
        ("problem", f"{process} the {what} belongs to nobody.", "in every process")
        for what in (f"architecture {ARCHITECTURE}", f"model_type {MODEL_TYPE}")
    ]
    doctor(site, ENGINE, expected=expected, ok=HEALTHY - 1)


def test_a_forked_process_does_not_see_the_plugin(doctor, site):
    start = (
        "    import os\n    from vllm import ModelRegistry\n"
        "    os.register_at_fork(after_in_child=ModelRegistry.models.clear)\n"
    )
    edit(site / NAME / "__init__.py", "    attempt(warn_if", start + "    attempt(warn_if")
    wanted = f"(start method fork) the architecture {ARCHITECTURE} belongs to nobody."
    doctor(site, ENGINE, expected=[("problem", wanted, "in every process")], ok=HEALTHY - 1)


def test_a_system_that_cannot_fork(doctor, built, tmp_path):
    text = "import multiprocessing\nmultiprocessing.get_all_start_methods = lambda: ['spawn']\n"
    (tmp_path / "sitecustomize.py").write_text(text)
    report = doctor(tmp_path, built.site, ENGINE)
    assert report[-1]["found"] == "This system cannot fork, so vLLM does not."


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("raise OSError('only here')", "(start method spawn) fails: OSError: only here"),
        ("import os; os._exit(3)", "A new process that loads the plugins hangs or dies."),
    ],
)
def test_the_plugin_fails_in_a_spawned_process(doctor, site, statement, wanted):
    start = "    import multiprocessing\n    if multiprocessing.parent_process():\n"
    start += f"        {statement}\n"
    edit(site / NAME / "__init__.py", "    attempt(warn_if", start + "    attempt(warn_if")
    doctor(site, ENGINE, expected=[("problem", wanted, "register()")], ok=HEALTHY - 1)


INSPECT = f"""
from vllm import ModelRegistry
from vllm.plugins import load_general_plugins
load_general_plugins()
print(ModelRegistry.inspect_model_cls({ARCHITECTURE!r})[0].supports_pp)
"""


def test_a_stale_capability_cache(doctor, built, site, tmp_path):
    package, cache = site / NAME, tmp_path / "cache"
    base, model = package / "base.py", package / "model.py"
    base.write_text("class Base:\n    supports_pp = False\n")
    model.write_text(f"from .base import Base\n\n\nclass {ARCHITECTURE}(Base):\n    pass\n")
    path = os.pathsep.join([str(site), str(ENGINE)])
    settings = os.environ | {"PYTHONPATH": path, "VLLM_CACHE_ROOT": str(cache)}
    run(built.python, "-c", INSPECT, env=settings)
    [note] = cache.glob("modelinfos/*.json")
    doctor(site, ENGINE, ok=HEALTHY + 1)

    base.write_text("class Base:\n    supports_pp = True\n")
    assert run(built.python, "-c", INSPECT, env=settings).stdout.split() == ["False"]
    wanted = f"{note} is out of date, in supports_pp, and vLLM relies on it."
    doctor(site, ENGINE, expected=[("problem", wanted, f"delete {note}")], ok=HEALTHY + 1)

    # An edit of the model's own file is seen by vLLM itself, which then looks anew.
    append(model, "\n")
    doctor(site, ENGINE, ok=HEALTHY + 1)
    # And so is a cache that is gone: the cure cures.
    note.unlink()
    doctor(site, ENGINE, ok=HEALTHY + 1)
