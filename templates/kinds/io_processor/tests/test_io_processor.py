"""The IO processor answers with what the vectors of LLM.embed say."""

import gc
from types import SimpleNamespace

import pytest

from {{ cookiecutter.package_name }} import io_processor, ranking
from {{ cookiecutter.package_name }}.about import IO_PROCESSORS

PROCESSOR = io_processor.{{ class_of("io_processor") }}
[NAME] = [name for name, each in IO_PROCESSORS.items() if each.startswith("io_processor:")]
DATA = {"query": "two", "documents": ["one, and more words", "two", "three"]}


class Tensor(list):
    def tolist(self) -> list[float]:
        return list(self)


def output(*vector: float) -> SimpleNamespace:
    """Return the output of one prompt, as much of it as an IO processor reads."""
    return SimpleNamespace(outputs=SimpleNamespace(data=Tensor(vector)))


def test_a_request_becomes_prompts_and_their_outputs_the_answer():
    processor = PROCESSOR(SimpleNamespace(), None)
    question = processor.parse_data(DATA)
    assert processor.pre_process(question, request_id="1") == ranking.prompts_of(question)
    vectors = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    answer = processor.post_process([output(*each) for each in vectors], request_id="1")
    assert answer == ranking.ranked(vectors)
    assert [each["index"] for each in answer] == [1, 2, 0]


def test_a_bad_request_is_refused():
    with pytest.raises(ValueError, match="data.query = 1 is not a text: give"):
        PROCESSOR(SimpleNamespace(), None).parse_data(DATA | {"query": 1})


@pytest.fixture(scope="module")
def llm(tmp_path_factory):
    """An engine in this process that embeds with a small model of vLLM's own."""
    from _template.tiny_embedding import save_llama
    from vllm import LLM, envs

    folder = tmp_path_factory.mktemp("checkpoint")
    save_llama(folder)
    options: dict = {"runner": "pooling", "dtype": "float32", "max_model_len": 128}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        engine = [LLM(str(folder), io_processor_plugin=NAME, enforce_eager=True, **options)]
        yield engine[0]
        engine.clear()
        gc.collect()
    # An engine reads the environment once, and tests change it.
    envs.disable_envs_cache()


@pytest.mark.real_vllm
def test_the_answer_is_what_the_vectors_of_each_prompt_say(llm):
    from vllm import PoolingParams

    prompts = ranking.prompts_of(ranking.parse(DATA))
    vectors = [each.outputs.embedding for each in llm.embed(prompts, use_tqdm=False)]
    expected = ranking.ranked(vectors)
    assert len({round(each["score"], 3) for each in expected}) == len(expected)
    given = PoolingParams()
    for params in (None, given):
        [found] = llm.encode({"data": DATA}, params, pooling_task="plugin", use_tqdm=False)
        assert [each["index"] for each in found.outputs] == [each["index"] for each in expected]
        scores = [each["score"] for each in found.outputs]
        assert scores == pytest.approx([each["score"] for each in expected], abs=1e-3)
    assert given == PoolingParams()


@pytest.mark.real_vllm
def test_vllm_refuses_a_bad_request_and_goes_on(llm):
    for bad in ({"query": 1}, {"documents": []}):
        with pytest.raises(ValueError, match=r"data\.\w+ = .* give"):
            llm.encode({"data": DATA | bad}, pooling_task="plugin", use_tqdm=False)
    [found] = llm.encode({"data": DATA}, pooling_task="plugin", use_tqdm=False)
    assert len(found.outputs) == len(DATA["documents"])
