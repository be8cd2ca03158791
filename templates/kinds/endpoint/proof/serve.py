"""Proof on a real vLLM: a server has the endpoint, which asks for a key and then asks the workers.

Never rendered; tests/in_vllm/scripts/served.py runs it. VLLM_PLUGINS must name the endpoint, and then
holds for the other parts too: some have entry points with the registered name.
"""

import json
from pathlib import Path
from typing import Any

KEY = {"Authorization": "Bearer a secret"}


def options(names: Any, folder: Path) -> list[str]:
    return []


def environment(names: Any, folder: Path) -> dict[str, str]:
    allowed = f"{names.plugin},{names.registered}"
    return {"VLLM_PLUGINS": allowed, f"KEY_OF_{names.package.upper()}": "a secret"}


def prove(server: Any, names: Any) -> dict:
    prefix = f"/plugins/{names.registered}"
    refused = {}
    for sent in ({}, {"Authorization": "Bearer another"}):
        for path in ("about", "models"):
            status, refusal = server.ask(f"{prefix}/{path}", headers=sent)
            assert status == 401, (status, refusal)
            assert "send the header Authorization: Bearer KEY" in json.dumps(refusal), refusal
            refused[f"{path} {sent}"] = refusal
    about = server.ask(f"{prefix}/about", headers=KEY)
    assert about == (200, {"plugin": names.plugin}), about
    [architecture] = json.loads((server.folder / "config.json").read_text())["architectures"]
    models = server.ask(f"{prefix}/models", headers=KEY)
    assert models == (200, {"models": [architecture]}), models
    # vLLM's own routes are as before, and what is not there is not there.
    assert server.ask("/v1/models")[0] == 200
    assert server.ask(f"{prefix}/nothing", headers=KEY)[0] == 404
    assert f"Loaded endpoint plugin {names.plugin}" in server.log
    return {"refused": refused, "about": about, "models": models}
