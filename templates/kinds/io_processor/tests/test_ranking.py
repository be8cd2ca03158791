"""What a request may hold, the prompts that it becomes, and the answer. Needs no vLLM."""

import pytest

{{ import_from(cookiecutter.package_name ~ ".ranking", ["DOCUMENT", "QUERY", "Question", "parse", "prompts_of", "ranked"]) }}


def test_a_request_holds_a_query_and_documents():
    assert parse({"query": "q", "documents": ["a", "b"]}) == Question("q", ["a", "b"])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "data = None is not an object"),
        ([], "data = [] is not an object"),
        ({"query": "q", "documents": ["a"], "top": 1}, "data.top = 1 is not known"),
        ({"documents": ["a"]}, "data.query = None is not a text"),
        ({"query": " ", "documents": ["a"]}, "data.query = ' ' is not a text"),
        ({"query": "q"}, "data.documents = None is not a list of texts"),
        ({"query": "q", "documents": []}, "data.documents = [] is not a list of texts"),
        ({"query": "q", "documents": "a"}, "data.documents = 'a' is not a list of texts"),
        ({"query": "q", "documents": ["a", 5]}, "data.documents[1] = 5 is not a text"),
    ],
    ids=str,
)
def test_anything_else_is_refused_and_the_message_says_what_to_give(data, told):
    with pytest.raises(ValueError) as refusal:
        parse(data)
    assert str(refusal.value).startswith(f"{told}: give ")


def test_the_prompts_are_the_query_and_the_documents_as_the_model_was_trained_to_see_them():
    prompts = prompts_of(Question("q", ["a", "b"]))
    assert prompts == [f"{QUERY}q", f"{DOCUMENT}a", f"{DOCUMENT}b"]


def test_the_most_alike_document_stands_first_and_has_its_place_in_the_request():
    answer = ranked([[2.0, 0.0], [0.0, 1.0], [3.0, 3.0], [5.0, 0.0], [-1.0, 0.0]])
    assert [each["index"] for each in answer] == [2, 1, 0, 3]
    assert [each["score"] for each in answer] == pytest.approx([1, 0.5**0.5, 0, -1])


def test_documents_that_are_alike_stay_in_their_order_and_a_vector_of_zeros_is_like_none():
    answer = ranked([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    assert answer == [{"index": 0, "score": 0.0}, {"index": 1, "score": 0.0}]
