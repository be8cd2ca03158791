"""The logits processor excludes top choices, for the requests that ask for it, and no others."""

import gc
import math
import random
from types import SimpleNamespace

import pytest

from {{ cookiecutter.package_name }} import logits_processor

PROCESSOR = logits_processor.{{ class_of("logits_processor") }}
NAME = PROCESSOR.name()
# So low a threshold that in the model below tokens are always excluded.
ASK = {NAME: 0.001}
STEPS = 16
# A model of vLLM's own. Its weights are so large that each prompt leads to other tokens.
CONFIG = {
    **{"vocab_size": 97, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1},
    **{"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 32},
    **{"max_position_embeddings": 128, "initializer_range": 0.15},
    **{"bos_token_id": None, "eos_token_id": None},
}
PROMPTS = [[1, 2, 3], [4, 5], [6, 7, 8, 9], [10]]


def asking(**extra_args) -> SimpleNamespace:
    """Return the parameters of a request, as much of them as a logits processor reads."""
    return SimpleNamespace(extra_args=extra_args)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 1e-9])
def test_a_threshold_is_accepted(threshold):
    assert PROCESSOR.asked_in(asking(**{NAME: threshold})) == (threshold,)


@pytest.mark.parametrize(
    "asked", ["0.1", 0, -0.1, 0.6, True, float("nan"), [0.1], {}], ids=lambda asked: repr(asked)
)
def test_anything_else_is_refused_and_the_message_says_what_to_give(asked):
    with pytest.raises(ValueError, match="give a number above 0, and 0.5 at most") as refusal:
        PROCESSOR.validate_params(asking(**{NAME: asked}))
    assert str(refusal.value).startswith(f"{NAME} = {asked!r} is not a threshold")


def excluded(logits: list[float], threshold: float) -> set[int]:
    """Return the tokens that a row of logits loses, by the definition and without torch."""
    total = sum(map(math.exp, logits))
    likely = [token for token, logit in enumerate(logits) if math.exp(logit) / total >= threshold]
    least = min((logits[token] for token in likely), default=0)
    return {token for token in likely if logits[token] > least}


@pytest.mark.real_vllm
def test_of_the_likely_tokens_only_the_least_likely_stays():
    import torch

    chance = random.Random(16)
    rows = [[chance.gauss(0, 2) for _ in range(30)] for _ in range(50)]
    thresholds = [chance.choice([0.01, 0.05, 0.1, 0.3, 0.5]) for _ in rows]
    before = torch.tensor(rows)
    processor = PROCESSOR(None, before.device, False)
    after = processor.edit(before.clone(), torch.tensor(thresholds).unsqueeze(1))
    lost = [set(row.isneginf().nonzero().flatten().tolist()) for row in after]
    assert lost == [excluded(*each) for each in zip(rows, thresholds, strict=True)]
    assert sum(map(bool, lost)) > 20
    kept = ~after.isneginf()
    assert torch.equal(after[kept], before[kept])


@pytest.mark.real_vllm
def test_a_row_with_the_numbers_of_no_request_stays_as_it_is():
    import torch

    before = torch.randn(8, 30) * 5
    processor = PROCESSOR(None, before.device, False)
    unchanged = torch.tensor([processor.UNCHANGED] * 8)
    assert torch.equal(processor.edit(before.clone(), unchanged), before)


@pytest.fixture(scope="module")
def llm(tmp_path_factory):
    """An engine with a model of vLLM's own, in processes of its own."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig
    from vllm import LLM

    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(LlamaConfig(**CONFIG)).float().save_pretrained(folder)
    options: dict = {"dtype": "float32", "enforce_eager": True, "skip_tokenizer_init": True}
    engine = [LLM(model=str(folder), max_model_len=128, seed=0, **options)]
    yield engine[0]
    # Ends vLLM's processes. Left to the end of Python, they may keep it from ending.
    engine.clear()
    gc.collect()


def answers(llm, *extra_args: dict | None) -> list[list[int]]:
    """Return the likeliest tokens after each prompt, in one batch, asked with extra arguments."""
    from vllm import SamplingParams

    common: dict = {"temperature": 0, "max_tokens": STEPS, "ignore_eos": True, "detokenize": False}
    parameters = [SamplingParams(**common, extra_args=each) for each in extra_args]
    prompts = [{"prompt_token_ids": prompt} for prompt in PROMPTS]
    outputs = llm.generate(prompts, parameters, use_tqdm=False)
    return [list(output.outputs[0].token_ids) for output in outputs]


@pytest.mark.real_vllm
@pytest.mark.parametrize("rows", [(0, 2), (1, 3), (0, 1), (3,), (0, 1, 2, 3)], ids=str)
def test_in_one_batch_those_that_ask_get_other_tokens_and_the_others_the_same(llm, rows):
    expected = answers(llm, *[None] * len(PROMPTS))
    asked = [ASK if row in rows else None for row in range(len(PROMPTS))]
    actual = answers(llm, *asked)
    changed = [row for row in range(len(PROMPTS)) if actual[row] != expected[row]]
    assert changed == list(rows)


@pytest.mark.real_vllm
def test_a_request_that_asks_gets_the_same_whatever_the_others_ask(llm):
    all_of_them = answers(llm, *[ASK] * len(PROMPTS))
    first, *others = answers(llm, ASK, None, {"another": 1}, {})
    assert first == all_of_them[0]
    assert others == answers(llm, *[None] * len(PROMPTS))[1:]


@pytest.mark.real_vllm
def test_vllm_refuses_a_request_with_a_bad_threshold_and_goes_on(llm):
    with pytest.raises(Exception, match="is not a threshold: give a number above 0"):
        answers(llm, *[{NAME: 2}] * len(PROMPTS))
    assert len(answers(llm, *[None] * len(PROMPTS))) == len(PROMPTS)
