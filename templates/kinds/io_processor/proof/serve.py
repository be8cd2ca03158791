"""Proof on a real vLLM: a pooling server ranks documents as its own vectors say.

Never rendered; tests/in_vllm/scripts/served.py runs it. The model is tiny and random.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RUNNER = "pooling"
QUERY = "What is vLLM?"
DOCUMENTS = ["A cat.", "An inference engine.", "What is it?", "5"]


def options(names: Any, folder: Path) -> list[str]:
    return ["--io-processor-plugin", names.registered]


def vector(server: Any, text: str) -> list[float]:
    return server.client.embeddings.create(model=server.model, input=text).data[0].embedding


def cosine(first: list[float], second: list[float]) -> float:
    product = sum(x * y for x, y in zip(first, second, strict=True))
    return product / math.sqrt(sum(x * x for x in first) * sum(y * y for y in second))


def ranking(server: Any, documents: list[str]) -> dict[int, float]:
    """Return the score of each document by its place, as the server ranks them."""
    status, answer = server.ask("/pooling", {"data": {"query": QUERY, "documents": documents}})
    assert status == 200, answer
    return {each["index"]: each["score"] for each in answer["data"]}


def refusal(server: Any, data: Any) -> str:
    status, answer = server.ask("/pooling", {"data": data})
    assert status == 400, (status, answer)
    return answer["error"]["message"]


def prove(server: Any, names: Any) -> dict:
    query = vector(server, f"query: {QUERY}")
    expected = [cosine(query, vector(server, f"passage: {each}")) for each in DOCUMENTS]
    orders = [DOCUMENTS, DOCUMENTS[::-1], DOCUMENTS[1:], DOCUMENTS[:1]]
    # At the same time: one object answers all of them.
    with ThreadPoolExecutor(len(orders)) as threads:
        found = list(threads.map(ranking, [server] * len(orders), orders))
    for documents, scores in zip(orders, found, strict=True):
        assert list(scores.values()) == sorted(scores.values(), reverse=True), scores
        assert sorted(scores) == list(range(len(documents))), scores
        for index, document in enumerate(documents):
            of_vectors = expected[DOCUMENTS.index(document)]
            assert math.isclose(scores[index], of_vectors, abs_tol=1e-4), (scores, expected)
    assert max(expected) - min(expected) > 0.01, expected
    refusals = {
        "data.query = 5 is not a text: give": refusal(server, {"query": 5, "documents": ["a"]}),
        "data.documents = [] is not a list": refusal(server, {"query": "a", "documents": []}),
        "data.top = 1 is not known: give": refusal(server, {"query": "a", "top": 1}),
        "data = None is not an object: give": refusal(server, None),
    }
    for start, message in refusals.items():
        assert start in message, refusals
    assert ranking(server, DOCUMENTS) == found[0], "after a refusal"
    # The model itself still answers as without it.
    status, plain = server.ask("/pooling", {"model": server.model, "input": QUERY})
    assert status == 200, plain
    return {"ranking": found, "vectors": expected, "refusals": [*refusals.values()]}
