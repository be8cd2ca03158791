"""Breaks of the tests that a package brings."""

from mutations.mutation import KINDS, PROJECT, Mutation

ITS_TESTS = "tests/package/test_rendered_tests.py"

MUTATIONS = [
    Mutation("a test of images is lost", f"{KINDS}/multimodal/tests/test_model.py",
             "def test_the_image_and_the_change_show", "def the_image_and_the_change_show",
             ITS_TESTS),
    Mutation("a kind's tests are skipped for good", f"{KINDS}/multimodal/tests/test_model.py",
             "pytestmark = pytest.mark.real_vllm", "pytestmark = pytest.mark.skip", ITS_TESTS),
    Mutation("an output is compared with itself", f"{KINDS}/extend/tests/test_model.py",
             "for tokens, _ in actual] == [tokens for tokens, _ in expected]",
             "for tokens, _ in actual] == [tokens for tokens, _ in actual]", ITS_TESTS),
    Mutation("an output must be another", f"{KINDS}/multimodal/tests/test_model.py",
             "in actual] == [tokens", "in actual] != [tokens", ITS_TESTS),
    Mutation("vectors may be far apart", f"{KINDS}/embedding/tests/test_model.py",
             "pytest.approx(expected_vector, abs=1e-3)", "pytest.approx(expected_vector, abs=1e3)",
             ITS_TESTS),
    Mutation("a case of VLLM_PLUGINS is lost", f"{PROJECT}/tests/_template/test_registration.py",
             '        ("all", False),\n', "", f"{ITS_TESTS} -k cases"),
    Mutation("a mere folder passes for vLLM in the tests", f"{PROJECT}/tests/_template/engine.py",
             "if found is None or found.loader is None:", "if found is None:",
             f"{ITS_TESTS} -k mere"),
    Mutation("the tests go online", f"{PROJECT}/tests/_template/engine.py",
             'os.environ.setdefault("HF_HUB_OFFLINE", "1")\n', "", f"{ITS_TESTS} -k offline"),
    Mutation("the cache of the tests stays behind", f"{PROJECT}/tests/_template/engine.py",
             "    cache.cleanup()\n", "    pass\n", f"{ITS_TESTS} -k offline"),
]  # fmt: skip
