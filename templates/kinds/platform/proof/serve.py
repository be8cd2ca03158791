"""Proof on a real vLLM: each process of a server runs on the platform, and it answers as ever.

Never rendered; tests/in_vllm/scripts/served.py runs it. That the answers are right, the proofs of the
other kinds say, which ask the same server.
"""

import re
from pathlib import Path
from typing import Any

# What the processes are called, in all supported releases: the API server is the main one.
ROLES = ("MainProcess", "EngineCore", "VllmWorker")


def options(names: Any, folder: Path) -> list[str]:
    return []


def prove(server: Any, names: Any) -> dict:
    answers = [
        server.client.completions.create(
            model=server.model, prompt="Once", max_tokens=8, temperature=0
        )
        for _ in range(2)
    ]
    first, second = (answer.choices[0].text for answer in answers)
    assert first == second, (first, second)
    path = re.escape(f"{names.package}.platform:MyPlatform")
    processes = re.findall(rf"the process (\S+) runs on the platform {path}\.", server.log)
    for role in ROLES:
        assert sum(each.startswith(role) for each in processes) == 1, (role, processes)
    [started] = set(re.findall(r"The platform starts an engine .+", server.log))
    assert re.search(r"blocks of \d+ tokens, for \d+ requests at a time\.", started), started
    return {"processes": processes, "started": started}
