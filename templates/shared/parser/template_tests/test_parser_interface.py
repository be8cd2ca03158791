"""Each parser has the interface that vLLM asks of it, under the name in about.py."""

import pytest
from _template.parsers import Parsers
from _template.registries import REGISTRIES

from {{ cookiecutter.package_name }} import register
from {{ cookiecutter.package_name }}._vllm import entries

OF_PARSERS = {what: each for what, each in REGISTRIES.items() if isinstance(each, Parsers)}
ENTRIES = [entry for entry in entries() if entry.what in OF_PARSERS]
LEFT_OPEN = [(entry, method) for entry in ENTRIES for method in OF_PARSERS[entry.what].left_open]
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.title for entry in ENTRIES])


@each_entry
def test_vllm_gets_the_class_by_its_name(entry):
    register()
    of = OF_PARSERS[entry.what]
    parser = of.get(entry.name)
    assert issubclass(parser, of.base)
    assert f"{parser.__module__}:{parser.__qualname__}" == entry.owner()


@each_entry
def test_vllm_can_make_a_parser_and_call_it(entry):
    register()
    of = OF_PARSERS[entry.what]
    parser = of.get(entry.name)
    assert [call for call in of.made_by if not call.fits(parser)] == []
    for method, calls in of.calls.items():
        assert [call for call in calls if not call.fits(getattr(parser, method))] == [], method


@pytest.mark.parametrize(("entry", "method"), LEFT_OPEN, ids=[m for _, m in LEFT_OPEN])
def test_a_parser_implements_what_vllms_base_class_leaves_open(entry, method):
    register()
    of = OF_PARSERS[entry.what]
    assert getattr(of.get(entry.name), method) is not getattr(of.base, method)


@each_entry
def test_a_class_that_is_imported_already_keeps_its_name(monkeypatch, log, entry):
    """vLLM asks the imported classes first, so that a lazy registration would do nothing."""
    of = OF_PARSERS[entry.what]
    monkeypatch.setitem(of.imported, entry.name, type("Imported", (of.base,), {}))
    register()
    assert entry.name not in of.manager.lazy_parsers
    [record] = log
    assert "Imported" in record.getMessage()


@pytest.mark.real_vllm
@each_entry
def test_the_server_offers_the_name(entry):
    """As the server does it: its command line refuses a name that is not registered."""
    register()
    of = OF_PARSERS[entry.what]
    assert entry.name in of.manager.list_registered()
    assert of.get_in_server(entry.name) is of.get(entry.name)
