"""The kinds of parsers: what their packages hold, beside a model and each other."""

from pathlib import Path

import pytest
from installed_package import install
from shared.rendering import read_about

KINDS = ["tool_parser", "reasoning_parser"]
GRAMMARS = {"tool_parser": "tool_call_grammar", "reasoning_parser": "reasoning_grammar"}
CLASSES = {"tool_parser": "MyToolParser", "reasoning_parser": "MyReasoningParser"}
# Alone; in both ways beside a model; beside each other, and with a model.
PACKAGES = [
    *({"kind": kind} for kind in KINDS),
    *({"kind": kind, "also": "decoder"} for kind in KINDS),
    *({"kind": "decoder", "also": kind} for kind in KINDS),
    {"kind": "reasoning_parser", "also": "tool_parser"},
    {"kind": "decoder", "also": "tool_parser,reasoning_parser"},
]
IDS = [",".join(answers.values()) for answers in PACKAGES]


@pytest.fixture(params=PACKAGES, ids=IDS)
def answers(request) -> dict[str, str]:
    return request.param


@pytest.fixture
def package(answers, render) -> Path:
    return render(**answers)


def kinds_in(answers: dict[str, str]) -> list[str]:
    return [kind for kind in KINDS if kind in ",".join(answers.values()).split(",")]


def test_about_py_has_a_table_for_each_registry(package, answers):
    about = read_about(package)
    name = package.name
    for kind in KINDS:
        found = about.get(f"{kind.upper()}S")
        expected = {name: f"{kind}:{CLASSES[kind]}"} if kind in kinds_in(answers) else None
        assert found == expected
    models = {"MyModelForCausalLM": "model:MyModelForCausalLM"}
    assert about.get("ARCHITECTURES", models) == models
    assert set(about.get("MODEL_TYPES", {name})) == {name}


@pytest.mark.parametrize("kind", KINDS)
def test_the_doctor_warns_of_the_front_end_that_has_no_parsers_of_plugins(tmp_path, kind):
    installed = install(tmp_path, kind=kind)
    [_, (level, text, _)] = installed.findings(f"{kind}s", VLLM_USE_RUST_FRONTEND="1")
    assert level == "warning"
    assert "VLLM_USE_RUST_FRONTEND" in text
    assert f"no {kind.replace('_', ' ')} of a plugin" in text
