"""The options of vLLM's server that the guides name are there, in the newest vLLM."""

import re

import pytest
from lane import VERSION
from shared import environments
from shared.rendering import KINDS, SUPPORTED_VLLM, TEMPLATES, run

pytestmark = pytest.mark.real
# Of cookiecutter, of grep, and of the audit.
OF_OTHERS = {"--no-input", "--line-buffered", "--record"}


@pytest.fixture(scope="module")
def options() -> set[str]:
    """Return the options of the server."""
    python = environments.environment(VERSION) / "python"
    shown = run(python, "-m", "vllm.entrypoints.openai.api_server", "--help=all").stdout
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown))


@pytest.mark.skipif(SUPPORTED_VLLM[-1] != VERSION, reason="guides speak of the newest vLLM")
@pytest.mark.parametrize("kind", KINDS)
def test_the_server_has_the_options_that_a_guide_names(kind, options):
    page = (TEMPLATES / "kinds" / kind / "guide.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page))
    assert named - options - OF_OTHERS == set()
