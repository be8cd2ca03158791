"""The audit holds calls against the signatures of vLLM."""

import pytest
from plugin_source import IMPORTS, VLLM

CALLS = {
    "Replacement('a', 'b', 'c', strict=True)": [],
    "Replacement(modality='a', target='b', strict=True)": [],
    "Replacement(strict=True)": ["Replacement() requires modality", "Replacement() requires target"],
    "Replacement('a', 'b')": ["Replacement() requires strict"],
    "Replacement('a', 'b', strict=True, kind='c')": ["Replacement() has no kind"],
    "Replacement('a', 'b', strict=True, number=1)": ["Replacement() has no number"],
    "Replacement('a', 'b', 'c', True)": [
        "Replacement() takes 3 positional arguments, not 4", "Replacement() requires strict"],
    "Named(first=1, second=2)": [],
    "Named(1)": ["Named() takes 0 positional arguments, not 1", "Named() requires first"],
    "Written(1)": [],
    "Written(field=1)": ["Written() has no field", "Written() requires other"],
    "Pair(1, right=2)": [],
    "Pair(1, 2, 3)": ["Pair() takes 2 positional arguments, not 3"],
    "Scheduler(size=2)": [],
    "Scheduler(length=2)": ["Scheduler() has no length"],
    "Method()": [],
    "Method(1)": ["Method() takes 0 positional arguments, not 1"],
    "original = Args.create\noriginal(self, device)": [],
    "original = Args.create\noriginal(self, *rest, **more)": [],
    "Args.create(self, device)": [],
    "Args.create(self)": ["Args.create() requires device"],
    "Args.create()": ["Args.create() requires self", "Args.create() requires device"],
    "Args.create(self, 1, 2)": ["Args.create() takes 2 positional arguments, not 3"],
    "Args().create(device)": [],
    "Args().create(self, device)": ["Args().create() takes 1 positional argument, not 2"],
    "Args.load('p')": [],
    "Args().load('p')": [],
    "Args.load(Args, 'p')": ["Args.load() takes 1 positional argument, not 2"],
    "Args.build('p')": [],
    "Args.build(Args, 'p')": ["Args.build() takes 1 positional argument, not 2"],
    "def f(self, device):\n    return original(self, device)\noriginal = Args.create\nArgs.create = f": [],
}  # fmt: skip


@pytest.mark.parametrize("code", CALLS)
def test_calls_are_compared_with_the_signature(plugin, code):
    assert plugin(IMPORTS + code + "\n").breaking() == CALLS[code]


def test_a_class_may_get_an_init_of_its_own(plugin):
    # Not even how it was called may have been known when it was recorded.
    unknown = plugin("from vllm.engine import Linear\nLinear(1)\n")
    bare = VLLM["engine.py"].replace("    def __init__(self, size): super().__init__()", "    pass")
    assert unknown.breaking(unknown.recorded(engine=bare)) == []
    (unknown.package / "__init__.py").unlink()
    unknown.package.rmdir()
    mine = plugin("from vllm.engine import Method\nMethod()\n")
    changed = VLLM["engine.py"].replace(
        "class Method:\n    pass", "class Method:\n    def __init__(self{}): pass"
    )
    report = mine.report(engine=changed.replace("{}", ""))
    assert report.sections["Breaking"] == []
    assert mine.breaking(None, engine=changed.replace("{}", ", size")) == ["Method() requires size"]
