"""One server for many parts: each part's proof asks it.

``python served.py FOLDER OPTIONS`` writes a checkpoint into FOLDER, serves it, and runs proofs. OPTIONS
is a JSON object: ``names`` are those of the plugin, ``config`` goes into config.json, ``runner`` is
vLLM's, ``proofs`` is the file of each kind. The last line of the output is a JSON object: for each
kind, what its proof returned, or as a text why it failed.

A proof is a module with

- ``prove(server, names) -> dict``: asks the server, asserts, and returns what it was answered;
- ``options(names, folder) -> list[str]``: what the command line of the server needs for this part;
- where that is not "generate", ``RUNNER``, by which it gets another server;
- where it needs them, ``MARKERS``, special tokens of the tokenizer; ``environment(names, folder) ->
  dict``; and ``checkpoint(folder)``, which changes the checkpoint before it is served.

FOLDER is the checkpoint. A part that keeps something on disk writes into a folder beside it.
"""

import json
import sys
import traceback
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any, NamedTuple

from byte_llama import save_checkpoint
from serving import Server, serving

# What the command line of every server with a runner has.
OPTIONS = {
    "generate": ["--logits-processors", "forcing:Forcing"],
    "pooling": ["--runner", "pooling"],
}


class Names(NamedTuple):
    """The plugin's names, of which all parts of a package have the same."""

    package: str
    plugin: str
    registered: str


def outcome(proof: SimpleNamespace, server: Server, names: Names) -> Any:
    try:
        answers = proof.prove(server, names)
        assert answers, "a proof that asked nothing"
        return answers
    except Exception:
        return traceback.format_exc()


def main() -> None:
    folder, given = Path(sys.argv[1]), json.loads(sys.argv[2])
    names = Names(**given["names"])
    proofs = {kind: SimpleNamespace(**run_path(path)) for kind, path in given["proofs"].items()}
    markers = [mark for proof in proofs.values() for mark in getattr(proof, "MARKERS", [])]
    save_checkpoint(folder, markers, **given["config"])
    environment: dict[str, str] = {}
    options = [*OPTIONS[given["runner"]]]
    for proof in proofs.values():
        if hasattr(proof, "checkpoint"):
            proof.checkpoint(folder)
        options += proof.options(names, folder)
        if hasattr(proof, "environment"):
            environment |= proof.environment(names, folder)
    with serving(folder, *options, environment=environment) as server:
        found = {kind: outcome(proof, server, names) for kind, proof in proofs.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
