"""Every message of the doctor was seen in the tests of this folder."""

import ast
import re
from pathlib import Path

import pytest
from breaking import NAME, SAID
from shared.rendering import ROOT

pytestmark = pytest.mark.xdist_group("doctor")


def texts_of(folder: Path) -> dict[str, re.Pattern]:
    """Return the texts of two words and more in the doctor's files, each as a pattern.

    Without docstrings, and without the code that a child runs.
    """
    texts = {}
    for file in sorted(folder.glob("*.py")):
        tree = ast.parse(file.read_text())
        nodes = list(ast.walk(tree))
        inner = {
            id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values
        }
        inner |= {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            if id(node) in inner or not all(
                isinstance(p, (ast.Constant, ast.FormattedValue)) for p in parts
            ):
                continue
            values = [p.value if isinstance(p, ast.Constant) else None for p in parts]
            words = " ".join(value for value in values if isinstance(value, str))
            if re.search(r"[a-z] +[a-z]", words) and "import sys;" not in words:
                pattern = "".join(
                    ".*" if value is None else re.escape(str(value)) for value in values
                )
                texts[f"{file.name}: {words}"] = re.compile(pattern)
    return texts


def test_every_message_of_the_doctor_was_seen_in_these_tests(built, request):
    here = request.node.path
    files = [file for file in here.parent.glob("test_*.py") if file != here]
    found = {file: re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE) for file in files}
    tests = {(file, name) for file, names in found.items() for name in names}
    run = {(i.path, i.originalname) for i in request.session.items if i.path in files}
    if tests != run:
        pytest.skip("only some of the tests of this folder were run")
    texts = texts_of(built.project / NAME / "_doctor")
    assert len(texts) > 50
    # What only a package says whose classes vLLM finds by itself is expected there.
    kinds = ROOT / "tests" / "kinds"
    elsewhere = [
        (kinds / f"test_{kind}.py").read_text("utf-8") for kind in ("logits_processor", "endpoint")
    ]
    said = "\n".join([*SAID, *elsewhere])
    unsaid = [text for text, pattern in texts.items() if not pattern.search(said)]
    assert unsaid == [], "\n".join(unsaid)
