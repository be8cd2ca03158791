"""What a request holds, the prompts that it becomes, and its answer. Needs neither vLLM nor torch.

It ranks documents: the more alike the model finds one to a query, the higher it stands.
"""

import math
from collections.abc import Sequence
from operator import mul
from typing import Any, NamedTuple, TypedDict

# What the model was trained to see in front of each; many for retrieval were trained with these.
QUERY, DOCUMENT = "query: ", "passage: "


class Question(NamedTuple):
    query: str
    documents: list[str]


class Ranked(TypedDict):
    """A document: its place in the request, from 0, and how like the query it is, from -1 to 1."""

    index: int
    score: float


def parse(data: Any) -> Question:
    """Return what the field ``data`` of a request asks for.

    Raises ValueError, which names the field and its value, and says what to give: vLLM answers with
    HTTP 400.
    """
    if not isinstance(data, dict):
        raise refusal("data", data, "is not an object: give one with query and documents")
    for name in data.keys() - set(Question._fields):
        raise refusal(f"data.{name}", data[name], "is not known: give query and documents")
    documents = data.get("documents")
    if not (isinstance(documents, list) and documents):
        raise refusal("data.documents", documents, "is not a list of texts: give at least one text")
    query = text("data.query", data.get("query"))
    return Question(query, [text(f"data.documents[{n}]", each) for n, each in enumerate(documents)])


def text(field: str, value: Any) -> str:
    if not (isinstance(value, str) and value.strip()):
        raise refusal(field, value, "is not a text: give a string that is not blank")
    return value


def refusal(field: str, value: Any, reason: str) -> ValueError:
    return ValueError(f"{field} = {value!r:.80} {reason}")


def prompts_of(question: Question) -> list[str]:
    """Return one prompt for the query, and one for each document behind it."""
    return [QUERY + question.query, *(DOCUMENT + document for document in question.documents)]


def ranked(vectors: Sequence[Sequence[float]]) -> list[Ranked]:
    """Return the documents, the most alike first, given the vector of each prompt, in their order."""
    query, *documents = vectors
    scores = [likeness(query, document) for document in documents]
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    return [{"index": index, "score": scores[index]} for index in order]


def likeness(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the cosine of the angle between two vectors, and 0 if one of them has no direction."""
    lengths = math.hypot(*first) * math.hypot(*second)
    return sum(map(mul, first, second)) / lengths if lengths else 0.0
