"""The audit takes the branch that each vLLM would take, and follows what is guarded."""

import pytest
from plugin_source import NEW, OLD, VLLM

USE = "\nclass Mine(Layer):\n    def forward(self, x): return super().forward(x)\n"
SHIMS = {
    "ImportError": f"try:\n    {OLD}except ImportError:\n    {NEW}",
    "ModuleNotFoundError": f"try:\n    {OLD}except ModuleNotFoundError:\n    {NEW}",
    "Exception": f"try:\n    {OLD}except Exception as error:\n    {NEW}",
    "a bare except": f"try:\n    {OLD}except:\n    {NEW}",
    "several": f"try:\n    {OLD}except (AttributeError, ImportError):\n    {NEW}",
    "the new one first": f"try:\n    {NEW}except ImportError:\n    {OLD}",
    "with else and finally": f"try:\n    {OLD}except ImportError:\n    {NEW}else:\n    from vllm.old import more\n"
    "finally:\n    print()\n",
    "nested": f"try:\n    {OLD}except ImportError:\n    try:\n        from vllm.older import Layer\n"
    f"    except ImportError:\n        {NEW}",
    "another exception before": f"try:\n    {OLD}except ValueError:\n    from vllm.no import x\n"
    f"except ImportError:\n    {NEW}",
    "suppress": f"import contextlib\n{NEW}with contextlib.suppress(ImportError):\n    {OLD}",
    "version": "import vllm\nfrom packaging.version import Version\n"
    f"if Version(vllm.__version__) < Version('0.9'):\n    {OLD}else:\n    {NEW}",
    "version as numbers": "from vllm import __version__\n"
    f"if tuple(map(int, __version__.split('.')[:2])) < (0, 9):\n    {OLD}else:\n    {NEW}",
    "version of the distribution": "from importlib.metadata import version\n"
    f"OLD = version('vllm') < '0.9'\nif OLD:\n    {OLD}else:\n    {NEW}",
    "version, by a function": f"def version_is(text): return text\nif version_is('0.9'):\n    {OLD}else:\n    {NEW}",
    "find_spec": f"from importlib.util import find_spec\nif find_spec('vllm.old'):\n    {OLD}else:\n    {NEW}",
    "find_spec, kept": "import importlib.util\nHAS = importlib.util.find_spec('vllm.old') is not None\n"
    f"if not HAS:\n    {NEW}else:\n    {OLD}",
    "hasattr": f"import vllm.new as new\nif hasattr(new, 'Older'):\n    {OLD}else:\n    {NEW}",
    "hasattr, and": "import vllm.new as new\nprint(hasattr(new, 'Older') and new.Older())\n" + NEW,
    "getattr": "import vllm.new as new\nLayer = getattr(new, 'Older', None)\nif Layer is None:\n"
    "    Layer = new.Layer\nelse:\n    from vllm.old import more\n",
    "a flag": f"try:\n    {OLD}    OLD = True\nexcept ImportError:\n    OLD = False\nif OLD:\n"
    f"    from vllm.old import more\nelse:\n    {NEW}",
    "none": f"try:\n    from vllm.old import fused\nexcept ImportError:\n    fused = None\n{NEW}"
    "if fused is not None:\n    fused(1).x\n",
    "attribute": f"import vllm.new as new\ntry:\n    Old = new.Older\nexcept AttributeError:\n    Old = new.Layer\n{NEW}",
    "an early return": f"import vllm.new as new\n{NEW}def f():\n    if not hasattr(new, 'Older'):\n        return\n"
    "    new.Older()\n",
    "in a function": f"def f():\n    try:\n        {OLD}    except ImportError:\n        {NEW}    return Layer\n{NEW}",
}  # fmt: skip


@pytest.mark.parametrize("name", SHIMS)
def test_one_of_the_guarded_alternatives_must_exist(plugin, name):
    mine = plugin(SHIMS[name] + USE)
    assert mine.breaking() == []
    symbols = mine.recorded().symbols
    assert "vllm.new.Layer" in symbols
    assert not any(each.startswith("vllm.old") for each in symbols)
    # What the alternative gives is followed.
    assert "vllm.new.Layer.forward" in symbols
    neither = mine.breaking(None, new="x = 1\n")
    assert any(line.startswith("Layer ") for line in neither)


@pytest.mark.parametrize("name", SHIMS)
def test_the_reference_is_read_as_vllm_is(plugin, tools, name):
    """The rendered test of the reference has no vLLM to look at."""
    mine = plugin(SHIMS[name] + USE)
    reference = mine.recorded()
    recorded = tools["recorded"].Recorded(reference)
    uses = tools["package"].uses_of(mine.package, recorded)
    needed = {
        use.symbol_path for use in uses if use.kind in ("import", "base") and not use.optional
    }
    assert {each for each in needed if recorded.has(each) is False} == set()


UNGUARDED = {
    "nothing": OLD,
    "an exception that it does not raise": f"try:\n    {OLD}except ValueError:\n    {NEW}",
    "a name that is missing from a module that is there": "try:\n    from vllm.new import Layer, Older\n"
    "except ModuleNotFoundError:\n    Older = None\n",
    "raised again": f"try:\n    {OLD}except ImportError as error:\n    raise RuntimeError() from error\n",
    "neither is there": f"try:\n    {OLD}except ImportError:\n    from vllm.older import Layer\n",
    "the version says so": f"import vllm\nif vllm.__version__ >= '0.9':\n    {OLD}",
    "no version is asked for": f"def f(x):\n    if x:\n        {OLD}",
}  # fmt: skip


@pytest.mark.parametrize("name", UNGUARDED)
def test_what_no_guard_catches_breaks(plugin, name):
    lines = plugin(UNGUARDED[name]).breaking()
    assert any(line.startswith(("Layer does not exist", "Older does not exist")) for line in lines)


TYPE_CHECKING = {
    "from typing import TYPE_CHECKING": "TYPE_CHECKING",
    "import typing": "typing.TYPE_CHECKING",
    "import typing as t": "t.TYPE_CHECKING",
}


@pytest.mark.parametrize("start", TYPE_CHECKING)
def test_what_is_imported_for_type_checkers_breaks_nothing(plugin, start):
    code = f"if {TYPE_CHECKING[start]}:\n    from vllm.config import Config, Gone\n"
    mine = plugin(f"{start}\n{code}def f(config: 'Config'):\n    return config.scheduler.size\n")
    assert mine.breaking() == []
    # It is followed all the same, and where the reference stands for vLLM.
    recorded = mine.tools["recorded"].Recorded(mine.recorded())
    uses = mine.tools["package"].uses_of(mine.package, recorded)
    assert "vllm.config.Config().scheduler.size" in {use.symbol_path for use in uses}
    renamed = VLLM["config.py"].replace("size: int", "length: int")
    assert mine.breaking(None, config=renamed) == ["Config().scheduler.size is gone"]
    # Nothing is said of it, not even that it is gone.
    report = mine.report(None, config="x = 1\n")
    assert (report.sections["Breaking"], report.sections["Behavioral"]) == ([], [])


def test_what_a_package_can_do_without_is_reported_and_breaks_nothing(plugin):
    mine = plugin("try:\n    from vllm.new import rope\nexcept ImportError:\n    rope = None\n")
    report = mine.report(None, "2.0", new="x = 1\n")
    assert report.sections["Breaking"] == []
    expected = "vLLM 2.0: rope is gone, which this package allows for; used in __init__.py:2"
    assert report.sections["Behavioral"] == [expected]
