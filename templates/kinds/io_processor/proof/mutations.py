"""Breaks of the rendered package, each of which its own tests must catch on the fixture engine.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_ranking.py",
    "test_io_processor.py",
    "_template/test_io_processor_interface.py",
    "_template/test_class_entry_points.py",
]
RANKING, BASE = "ranking.py", "_io_base.py"
MUTATIONS = {
    "a field that nobody reads is accepted": (
        RANKING,
        "data.keys() - set(Question._fields)",
        "data.keys() - set(data)",
    ),
    "documents come before the query": (
        RANKING,
        "return [QUERY + question.query, *(DOCUMENT + document for document in question.documents)]",
        "return [*(DOCUMENT + each for each in question.documents), QUERY + question.query]",
    ),
    "the least alike stands first": (RANKING, ", reverse=True)", ")"),
    "longer vectors are more alike": (
        RANKING,
        " / lengths if lengths else 0.0",
        "",
    ),
    "what is given is changed": (BASE, "params.clone()", "params"),
    "what is given is dropped": (
        BASE,
        "merged = PoolingParams() if params is None else params.clone()",
        "merged = PoolingParams()",
    ),
    "of two with one name it is the first": ("_io_processors.py", "found[-1]", "found[0]"),
    "spaces in VLLM_PLUGINS do not count": (
        "_doctor/environment.py",
        'name not in value.split(",")',
        'name not in value.replace(" ", "").split(",")',
    ),
}
