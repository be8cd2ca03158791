"""Each tool parser has the interface that vLLM asks of it, under the name in about.py."""

import inspect

import pytest
from vllm.tool_parsers import ToolParser, ToolParserManager

from {{ cookiecutter.package_name }} import register
from {{ cookiecutter.package_name }}._tool_parsers import owner_of_tool_parser
from {{ cookiecutter.package_name }}.about import TOOL_PARSERS

# What the server calls by position.
ARGUMENTS: dict[str, tuple] = {
    "extract_tool_calls": ("text", "request"),
    "extract_tool_calls_streaming": ("before", "now", "delta", [], [], [], "request"),
    "adjust_request": ("request",),
}


@pytest.mark.parametrize("name", TOOL_PARSERS)
def test_vllm_gets_the_class_by_its_name(name):
    register()
    parser = ToolParserManager.get_tool_parser(name)
    assert issubclass(parser, ToolParser)
    assert f"{parser.__module__}:{parser.__qualname__}" == owner_of_tool_parser(name)


@pytest.mark.parametrize("name", TOOL_PARSERS)
def test_vllm_can_make_a_parser_and_call_it(name):
    register()
    parser = ToolParserManager.get_tool_parser(name)
    assert accepts(parser, "tokenizer", [])
    for method, arguments in ARGUMENTS.items():
        assert accepts(getattr(parser, method), "self", *arguments), method


def accepts(function, *arguments) -> bool:
    """Tell whether a function, or a class, can be called with some arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("name", TOOL_PARSERS)
@pytest.mark.parametrize("method", ["extract_tool_calls", "extract_tool_calls_streaming"])
def test_a_parser_implements_what_vllms_base_class_leaves_open(name, method):
    register()
    parser = ToolParserManager.get_tool_parser(name)
    assert getattr(parser, method) is not getattr(ToolParser, method)


@pytest.mark.parametrize("name", TOOL_PARSERS)
def test_a_class_that_is_imported_already_keeps_its_name(monkeypatch, log, name):
    """vLLM asks the imported classes first, so that a lazy registration would do nothing."""

    class Imported(ToolParser):
        pass

    monkeypatch.setitem(ToolParserManager.tool_parsers, name, Imported)
    register()
    assert name not in ToolParserManager.lazy_parsers
    [record] = log
    assert "Imported" in record.getMessage()


@pytest.mark.real_vllm
@pytest.mark.parametrize("name", TOOL_PARSERS)
def test_the_server_offers_the_name(name):
    """As the server does it: its command line refuses a name that is not registered."""
    register()
    assert name in ToolParserManager.list_registered()
    from vllm.parser import ParserManager

    found = ParserManager.get_tool_parser(tool_parser_name=name, enable_auto_tools=True)
    assert found is ToolParserManager.get_tool_parser(name)
