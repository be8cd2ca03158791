"""Can vLLM import the logits processors, make them and call them, for each of its model runners?"""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from .._logits_processors import GROUP
from ..about import LOGITS_PROCESSORS
from .classes import Problem, left_open, refusal, usable
from .distributions import is_ours, metadata_folder
from .findings import OK, PROBLEM, WARNING, Findings
from .installers import PACKAGE, uninstall

V1 = "vllm.v1.sample.logits_processor"
V2 = "vllm.v1.worker.gpu.sample.logits_processor"
INHERIT = "inherit RequestLogitsProcessor from _logits_base.py."


def look_in_new_process() -> Findings:
    for name in LOGITS_PROCESSORS:
        yield from look_at_entry_points(name)
        yield from look_at_logits_processor(name)


def look_at_entry_points(name: str) -> Findings:
    """Name what vLLM runs beside the class in about.py, or as well: it runs all that it finds."""
    named = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    mine = [entry for entry in named if is_ours(entry.value)]
    for entry in mine[1:]:
        text = f"vLLM finds the logits processor {name} twice, and runs it twice: also in "
        yield PROBLEM, f"{text}{place_of(entry)}.", "delete the one that is out of date."
    for entry in named:
        if not is_ours(entry.value):
            text = f"{place_of(entry)} has a logits processor {name} too, and vLLM runs both."
            other = entry.dist.name if entry.dist else entry.value
            yield WARNING, text, f"{uninstall(other)}; or choose another name in about.py."


def place_of(entry: EntryPoint) -> str:
    return str(metadata_folder(entry.dist)) if entry.dist else entry.value


def look_at_logits_processor(name: str) -> Findings:
    title = f"The class of the logits processor {name}"
    load = EntryPoint(name, f"{PACKAGE}.{LOGITS_PROCESSORS[name]}", GROUP).load
    cure = "repair that: vLLM stops for every model when it imports the class."
    if found := (yield from usable(title, load, problems_of_class, cure)):
        runners = "V1 and V2" if has_v2() else "V1, which this vLLM uses when one is installed"
        text = f"{title} can be imported, for model runner {runners}."
        yield OK, f"{text} It runs for every model that generates, whatever VLLM_PLUGINS says.", ""
        yield from look_at_greedy(title, found)


def has_v2() -> bool:
    """Tell whether this vLLM has the interface of model runner V2: from 0.31 on."""
    try:
        import_module(V2)
    except ImportError:
        return False
    return True


def problems_of_class(found: type) -> list[Problem]:
    """Return what is wrong with a class, and the cure, for each interface that vLLM has."""
    calls: dict[str, tuple[str, tuple]] = {V1: ("V1", ("config", "device", False))}
    if has_v2():
        calls[V2] = ("V2", ("config", "state"))
    problems: list[Problem] = []
    for module, (runner, arguments) in calls.items():
        if not issubclass(found, import_module(module).LogitsProcessor):
            text = f"does not inherit {module}.LogitsProcessor: vLLM stops where model runner "
            problems.append((f"{text}{runner} is used.", INHERIT))
        if refused := refusal(found, *arguments):
            text = f"cannot be made as model runner {runner} does it: {refused}."
            problems.append((text, "take vllm_config and *given in __init__."))
    if lacking := left_open(found):
        problems.append((f"{lacking}.", "write what is missing: vLLM stops without it."))
    return problems


def look_at_greedy(title: str, found: type) -> Findings:
    try:
        invariant = found.is_argmax_invariant(None)  # type: ignore[attr-defined]
    # What it answers may depend on the object.
    except Exception:
        return
    if invariant:
        text = f"{title} says that it is argmax invariant: greedy requests never call it."
        yield WARNING, text, "return False from is_argmax_invariant() if an edit changes the order."
