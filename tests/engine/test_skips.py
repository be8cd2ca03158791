"""A plugin that uses more of vLLM than the fixture engine has: its own tests skip that, and say so."""

import re
from collections import Counter
from pathlib import Path

import pytest
from shared.rendering import make_editable, restore, result_of

pytestmark = pytest.mark.xdist_group("skips")

NAME = "vllm_my_model"
INIT = f"{NAME}/__init__.py"
# How many of its own tests pass on the fixture engine as it is rendered.
ALL = 65
TOKENIZERS = "    from vllm.tokenizers import TokenizerRegistry\n    TokenizerRegistry.register()\n"
Edit = tuple[str, str, str]


@pytest.fixture(scope="module")
def editable(tmp_path_factory) -> Path:
    return make_editable(tmp_path_factory.mktemp("skips"))


@pytest.fixture
def own_tests(editable):
    """A function that edits the project, and runs its own tests, or those that options select.

    It returns how many passed and failed, what each file skips because the fixture engine lacks it,
    and all that was printed.
    """

    def own_tests(*edits: Edit, options=()) -> tuple[dict[str, int], Counter, str]:
        for name, old, new in edits:
            file = editable / name
            text = file.read_text() if file.exists() else ""
            assert old in text, f"{name} has no {old!r}"
            file.write_text(text.replace(old, new, 1))
        command = [editable.parent / "venv/bin/pytest", "-p", "no:cacheprovider", *options]
        result = result_of(*command, cwd=editable)
        words = re.findall(r"(\d+) (passed|failed|error)", result.stdout.splitlines()[-1])
        lacks: Counter = Counter()
        for number, file, reason in re.findall(
            r"^SKIPPED \[(\d+)\] tests/(?:_template/)?(\w+)\.py:\d+: (.+)",
            result.stdout,
            re.MULTILINE,
        ):
            if "the fixture engine has no" in reason:
                lacks[f"{file}: {reason}"] += int(number)
        return {what: int(number) for number, what in words}, lacks, result.stdout

    yield own_tests
    restore(editable)


def step(body: str) -> list[Edit]:
    """Let register() take one more step, after the architecture's."""
    line = "    attempt(warn_if_untested)\n"
    function = f"def register_more() -> None:\n{body}\n\n"
    return [
        (INIT, line, f"{line}    attempt(register_more)\n"),
        (INIT, "def register()", f"{function}def register()"),
    ]


def lacking(name: str, **skips: int) -> dict[str, int]:
    reason = f"the fixture engine has no {name}: this needs a real vLLM"
    return {f"test_{file}: {reason}": number for file, number in skips.items()}


def unrecorded(name: str, use: str) -> dict[str, int]:
    """Return the skip of the test that the audit's reference is up to date."""
    [audit] = lacking(name, audit=1)
    return {audit.replace(": ", f": {use} is not recorded: ", 1): 1}


def test_as_it_is_rendered_nothing_is_lacking(own_tests):
    counts, lacks, _ = own_tests()
    assert (counts, lacks) == ({"passed": ALL}, {})


def test_on_a_vllm_that_is_untested_one_test_alone_fails(own_tests):
    """Else its author could not tell whether that vLLM breaks anything."""
    untested = (
        "tests/_template/fixture_engine/vllm/__init__.py",
        '__version__ = "',
        '__version__ = "9',
    )
    name = "def test_this_vllm_is_in_the_tested_range"
    tried = ("tests/_template/test_compatibility.py", f"@pytest.mark.real_vllm\n{name}", name)
    counts, _, output = own_tests(untested, tried)
    assert counts == {"passed": ALL, "failed": 1}, output
    assert re.findall(r"^FAILED \S+::(\w+)", output, re.MULTILINE) == [name.removeprefix("def ")]


def test_a_step_that_needs_a_real_vllm(own_tests):
    counts, lacks, shown = own_tests(*step(TOKENIZERS))
    skips = {"registration": 24, "registered_names": 19, "doctor": 1, "doctor_at_checkpoints": 1}
    wanted = lacking("vllm.tokenizers", **skips)
    wanted |= unrecorded("vllm.tokenizers", "vllm.tokenizers.TokenizerRegistry")
    assert (counts, lacks) == ({"passed": ALL - sum(wanted.values())}, wanted), shown


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import vllm.envs", "vllm.envs"),
        ("from vllm import LLM", "vllm.LLM"),
        ("from vllm.confg import VllmConfig", "vllm.confg"),
        ("from vllm.logger import init_loger", "vllm.logger.init_loger"),
        ("import vllm; vllm.SamplingParams()", "vllm.SamplingParams"),
        ("import importlib; importlib.import_module('vllm.tokenizers')", "vllm.tokenizers"),
        ("from vllm import ModelRegistry; ModelRegistry.is_there()", "vllm.ModelRegistry.is_there"),
        ("from transformers import AutoProcessor", "transformers.AutoProcessor"),
    ],
)
def test_whatever_is_lacking_is_named(own_tests, statement, name):
    options = ["-k", "test_registration and (twice or heavy)"]
    counts, lacks, shown = own_tests(*step(f"    {statement}\n"), options=options)
    assert counts == {"passed": 1}, shown
    assert lacks == lacking(name, registration=1), shown


def test_the_step_of_the_architecture_needs_a_real_vllm(own_tests):
    edit = (
        f"{NAME}/_models.py",
        "    from vllm import ModelR",
        "    import vllm.config\n    from vllm import ModelR",
    )
    counts, lacks, shown = own_tests(edit)
    skips = {"registration": 22, "registered_names": 19, "doctor": 1, "doctor_at_checkpoints": 1}
    wanted = lacking("vllm.config", **skips)
    wanted |= unrecorded("vllm.config", "vllm.config")
    assert (counts, lacks) == ({"passed": ALL - sum(wanted.values())}, wanted), shown


# What is broken besides is not hidden by what is lacking.
@pytest.mark.parametrize(
    ("edit", "failing"),
    [
        ((f"{NAME}/about.py", '"model:', '"models:'), "names_a_class"),
        ((f"{NAME}/about.py", '"model:', '"model.'), "registers_what_about_py_names"),
        ((f"{NAME}/config.py", '"""', 'raise OSError\n"""'), "test_register_twice"),
        ((INIT, "def register()", "def registr()"), "test_registration.py"),
        ((f"{NAME}/_safety.py", "KeyboardInterrupt) or", "EOFError) or"), "test_an_interrupt"),
    ],
)
def test_a_fault_beside_what_is_lacking_fails(own_tests, edit, failing):
    counts, _, shown = own_tests(
        *step(TOKENIZERS),
        edit,
        options=[
            f"tests/_template/test_{file}.py" for file in ("registration", "registered_names")
        ],
    )
    assert counts.get("failed") or counts.get("error"), shown
    assert re.search(rf"^(FAILED|ERROR) .*{failing}", shown, re.MULTILINE), shown


OWN_TEST = """
{top}
def test_reaches_it():
    from vllm.sampling_params import SamplingParams

def test_reaches_it_and_fails():
    try:
        import vllm.sampling_params
    except ImportError:
        pass
    assert 1 == 2

def test_does_not_reach_it():
    pass

def test_has_another_fault():
    import module_that_is_missing
"""


def test_an_authors_own_tests(own_tests):
    edit = ("tests/test_mine.py", "", OWN_TEST.format(top=""))
    counts, lacks, shown = own_tests(edit, options=["tests/test_mine.py"])
    assert counts == {"failed": 2, "passed": 1}, shown
    assert lacks == lacking("vllm.sampling_params", mine=1)


def test_a_file_of_tests_that_imports_it(own_tests):
    edit = ("tests/test_mine.py", "", OWN_TEST.format(top="import vllm.entrypoints.llm"))
    counts, lacks, shown = own_tests(
        edit, options=["tests/test_mine.py", "tests/_template/test_audit.py"]
    )
    assert counts == {"passed": 1}, shown
    assert lacks == lacking("vllm.entrypoints", mine=1)
