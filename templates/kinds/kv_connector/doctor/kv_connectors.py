"""Can vLLM import the KV connectors and make them, and do they refuse what would fail unseen?"""

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..about import KV_CONNECTORS
from .classes import Problem, left_open, refusal, usable
from .findings import OK, WARNING, Findings

SETTINGS, POLICY = "kv_connector_extra_config", "kv_load_failure_policy"
GOOD = {"is_kv_producer": True, "is_kv_consumer": True, POLICY: "recompute"}
# What users may write into --kv-transfer-config, and what would come of it in silence.
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a folder that cannot be written": (
        {SETTINGS: {"folder": f"{Path(__file__)}/store"}},
        "no KV is stored",
    ),
    "a setting that it does not have": (
        {SETTINGS: {"folder": tempfile.gettempdir(), "no_such_setting": 1}},
        "a wrong word has no effect",
    ),
    'the default "kv_load_failure_policy"': (
        {SETTINGS: {"folder": tempfile.gettempdir()}, POLICY: "fail"},
        "a request fails when a file is damaged",
    ),
}


def look_in_new_process() -> Findings:
    for name in KV_CONNECTORS:
        yield from look_at_kv_connector(name)


def look_at_kv_connector(name: str) -> Findings:
    title = f"The class of the KV connector {name}"
    cure = "repair that, or install a vLLM that the plugin is tested with."
    if found := (yield from usable(title, lambda: class_of(name), problems_of_class, cure)):
        yield OK, f"{title} can be used.", ""
        yield from look_at_settings(title, found)


def class_of(name: str) -> Any:
    from vllm.distributed.kv_transfer.kv_connector.factory import KVConnectorFactory

    return KVConnectorFactory.get_connector_class_by_name(name)


def problems_of_class(found: type) -> list[Problem]:
    """Return what is wrong with a class, and the cure."""
    from vllm.distributed.kv_transfer.kv_connector.v1.base import KVConnectorBase_V1, SupportsHMA

    problems: list[Problem] = []
    if not issubclass(found, KVConnectorBase_V1):
        problems.append(("does not inherit KVConnectorBase_V1.", "inherit it."))
    if not issubclass(found, SupportsHMA):
        text = "does not inherit SupportsHMA: vLLM turns the hybrid cache off, which costs memory "
        text += "with several kinds of attention, and with Mamba it does not start."
        cure = "inherit it, and write request_finished_all_groups()."
        problems.append((text, cure))
    if refused := refusal(found, "config", "role", kv_cache_config="cache"):
        text = f"cannot be made as vLLM does it: {refused}."
        problems.append((text, "take vllm_config, role and kv_cache_config in __init__."))
    if lacking := left_open(found):
        problems.append((f"{lacking}.", "write what is missing: vLLM stops without it."))
    return problems


def look_at_settings(title: str, found: Any) -> Findings:
    """Say what the class lets through, of what it has to refuse."""
    # Another store may have no folder.
    if not hasattr(found, "folder_of"):
        return
    for what, (settings, result) in BAD.items():
        try:
            found.folder_of(SimpleNamespace(**(GOOD | settings)))
        # Whatever it raises stops vLLM.
        except Exception:
            continue
        text = f"{title} lets through {what}: then {result}, and nothing says so."
        yield WARNING, text, "raise ValueError for it in folder_of()."
