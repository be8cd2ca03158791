"""Fixtures for all tests: a renderer, and a place for what they leave behind."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import jinja2
import pytest
from helpers import render_into

# Sets of answers for each kind of model and property, of which there are four and two. The same
# ones in each run; --hypothesis-profile=thorough tries ten times as many.
EXAMPLES = 250
hypothesis.settings.register_profile(
    "fast", max_examples=EXAMPLES, derandomize=True, database=None, deadline=None
)
hypothesis.settings.register_profile(
    "thorough", hypothesis.settings.get_profile("fast"), max_examples=10 * EXAMPLES
)
hypothesis.settings.load_profile("fast")


@pytest.fixture(scope="session", autouse=True)
def leave_nothing_behind(tmp_path_factory):
    """Keep temporary files, caches and bytecode out of the user's folders and of the template."""
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("tmp"))
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        patch.setenv("RUFF_CACHE_DIR", folder)
        # An answer to one of the questions must not come from this machine.
        config = Path(folder, "cookiecutter.yaml")
        config.write_text(f"replay_dir: {folder}\ncookiecutters_dir: {folder}\n")
        patch.setenv("COOKIECUTTER_CONFIG", str(config))
        yield


@pytest.fixture(scope="session", autouse=True)
def compile_each_text_once():
    """Let Jinja compile each text of the template once: that is most of the time of rendering."""
    compiled = {}
    compile_anew = jinja2.Environment.compile

    def compile_once(self, source, name=None, filename=None, raw=False, defer_init=False):
        key = (source, name, filename, raw, defer_init)
        if key not in compiled:
            compiled[key] = compile_anew(self, *key)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


@pytest.fixture(scope="session")
def render(tmp_path_factory) -> Callable[..., Path]:
    """Return a function that renders the template with some answers, once for each set of them."""
    rendered: dict[tuple, Path] = {}

    def render(**answers: str) -> Path:
        key = tuple(sorted(answers.items()))
        if key not in rendered:
            rendered[key] = render_into(tmp_path_factory.mktemp("rendered"), **answers)
        return rendered[key]

    return render
