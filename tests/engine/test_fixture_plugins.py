"""Which plugins the fixture engine loads, and which of their errors it survives."""

import pytest
from plugin_site import PRELUDE


@pytest.mark.parametrize(
    ("value", "loaded"),
    [
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        ("b,a", ["a", "b"]),
        ("a,a", ["a"]),
        (",a,", ["a"]),
        ("a ", []),
        (" a", []),
        ("a\t", []),
        ("a\n", []),
        ("a,b ", ["a"]),
        ("a ,b", ["b"]),
        ("A,B", []),
        ("a;b", []),
        ("a b", []),
        ("*", []),
        ("all", []),
        ("ab", []),
        (",", []),
        ("", []),
    ],
)
def test_vllm_plugins_is_compared_name_by_name_as_it_stands(site, value, loaded):
    for name in "ab":
        site.plugin(name, f"record({name!r})")
    site.succeeds("load_general_plugins()", VLLM_PLUGINS=value)
    assert site.records == loaded


@pytest.mark.parametrize("group", ["vllm.general_plugins", "vllm.platform_plugins"])
@pytest.mark.parametrize(
    ("error", "survives"),
    [
        ("ImportError()", True),
        ("Exception()", True),
        ("RecursionError()", True),
        ("SystemExit(3)", False),
        ("KeyboardInterrupt()", False),
        ("BaseException('panic')", False),
    ],
)
def test_only_an_exception_is_survived_when_a_plugin_is_imported(site, group, error, survives):
    site.plugin("a", "", top=f"raise {error}", group=group)
    site.plugin("b", "", group=group)
    script = f"print(list(load_plugins_by_group({group!r})))"
    out = site.run("-c", PRELUDE + script)
    assert (out.returncode == 0) is survives, out.stderr
    assert out.stdout == ("['b']\n" if survives else "")


@pytest.mark.parametrize("error", ["OSError('x')", "SystemExit(3)", "BaseException('x')"])
def test_what_a_plugin_raises_when_it_is_called_is_not_survived(site, error):
    site.plugin("a", f"raise {error}")
    site.plugin("b", "record('b')")
    out = site.run("-c", PRELUDE + "load_general_plugins()")
    assert out.returncode != 0
    assert site.records == []
