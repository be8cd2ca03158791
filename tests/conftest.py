"""Fixtures for all tests: a renderer, and a place for what they leave behind."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import jinja2
import pytest
from shared.environments import VERSION, refusal_of
from shared.rendering import can_be_written, render_into, result_of, use_this_environment

# Sets of answers for each of two properties, of any kinds. The same ones in each run;
# --hypothesis-profile=thorough tries 25 times as many.
EXAMPLES = 100
hypothesis.settings.register_profile(
    "fast", max_examples=EXAMPLES, derandomize=True, database=None, deadline=None
)
hypothesis.settings.register_profile(
    "thorough", hypothesis.settings.get_profile("fast"), max_examples=25 * EXAMPLES
)
hypothesis.settings.load_profile("fast")


def pytest_configure() -> None:
    use_this_environment()
    if refusal := refusal_of(VERSION):
        raise pytest.UsageError(f"REAL_VLLM: {refusal}")


@pytest.fixture(scope="session", autouse=True)
def leave_nothing_behind(tmp_path_factory):
    """Keep temporary files, caches and bytecode out of the user's folders and of the template."""
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("tmp"))
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        # In this process too, which imports modules of the template.
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setenv("RUFF_CACHE_DIR", folder)
        # Each worker has a core. Threads that wait for one another on a core that others use too
        # take many times as long.
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("VLLM_CPU_OMP_THREADS_BIND", "nobind")
        patch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")
        patch.setenv("MYPY_CACHE_DIR", str(Path(folder, "mypy")))
        # An answer to one of the questions must not come from this machine.
        config = Path(folder, "cookiecutter.yaml")
        config.write_text(f"replay_dir: {folder}\ncookiecutters_dir: {folder}\n")
        patch.setenv("COOKIECUTTER_CONFIG", str(config))
        if not can_be_written(result_of("uv", "cache", "dir").stdout.strip()):
            # One for all workers.
            patch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp().parent / "uv"))
        yield


def pytest_terminal_summary(terminalreporter) -> None:
    """Say at the end, once for each reason, what could not be tested here."""
    reports = terminalreporter.stats.get("xfailed", [])
    if reasons := sorted({report.wasxfail.removeprefix("reason: ") for report in reports}):
        terminalreporter.section("not tested", red=True, bold=True)
        for reason in reasons:
            terminalreporter.line(reason, red=True)


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
