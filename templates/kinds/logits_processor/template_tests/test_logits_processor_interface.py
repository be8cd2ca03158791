"""Each logits processor has the interfaces of both model runners, and does the same in both."""

import random
from importlib import import_module
from importlib.metadata import entry_points
from types import SimpleNamespace

import pytest
from vllm.v1.sample.logits_processor import (
    BatchUpdate,
    LogitsProcessor,
    MoveDirectionality,
    _load_custom_logitsprocs,
)

from {{ cookiecutter.package_name }} import _logits_base, about

SLOTS = 8
V2 = "vllm.v1.worker.gpu.sample.logits_processor"
# From vLLM 0.31 on; before, there was one interface.
HAS_V2 = _logits_base.LogitsProcessorV2 is not object


class Table(list):
    """As much of a tensor as a processor needs: rows are taken by a list of their numbers."""

    def __getitem__(self, rows):
        return Table(list.__getitem__(self, row) for row in rows)


class Slots(list):
    """As much of a tensor of slots as a processor needs, on the device and on the host."""

    def long(self):
        return self

    def tolist(self):
        return list(self)


class Logits(list):
    new_tensor = Table


class Untouchable:
    """Stands for tokens that are not there yet, with asynchronous scheduling."""

    def __getattribute__(self, name):
        raise AssertionError("a logits processor must not read tokens")

    __iter__ = __len__ = __getitem__ = __bool__ = __getattribute__


@pytest.fixture(params=about.LOGITS_PROCESSORS)
def processor(request, monkeypatch):
    """Return a class whose edit gives the numbers that it gets; a request asks for such numbers."""
    module, _, name = about.LOGITS_PROCESSORS[request.param].partition(":")
    found = getattr(import_module(f".{module}", _logits_base.__package__), name)
    monkeypatch.setattr(found, "edit", lambda self, logits, numbers: list(numbers))
    monkeypatch.setattr(found, "numbers_in", numbers_in)
    return found


def numbers_in(asked) -> tuple[float, ...]:
    if asked == "bad":
        raise ValueError("is bad")
    return (float(asked),)


def asking(processor, asked) -> SimpleNamespace:
    """Return the parameters of a request; with None it asks for nothing."""
    return SimpleNamespace(extra_args=None if asked is None else {processor.name(): asked})


def add(processor, made, row: int, asked) -> None:
    params = asking(processor, asked)
    made.update_state(BatchUpdate(1, [], [(row, params, Untouchable(), Untouchable())], []))


def step_of(*slots: int) -> SimpleNamespace:
    return SimpleNamespace(idx_mapping_np=Slots(slots), expanded_idx_mapping=Slots(slots))


def make_v2(processor):
    return processor(None, SimpleNamespace(max_num_reqs=SLOTS))


def test_both_model_runners_can_make_it(processor):
    assert issubclass(processor, LogitsProcessor)
    assert processor(None, "cpu", False).apply("logits") == "logits"
    bases = [import_module(V2).LogitsProcessor] if HAS_V2 else []
    assert all(issubclass(processor, base) for base in bases)
    assert make_v2(processor).apply("logits", step_of(0)) == "logits"


def test_vllms_loader_for_v1_accepts_what_is_installed(processor):
    assert processor in _load_custom_logitsprocs(None)


def test_vllms_loader_for_v2_accepts_what_is_installed(processor):
    load = _load_custom_logitsprocs
    if HAS_V2:
        load = import_module(f"{V2}.loader")._load_v2_logitsprocs
    assert processor in load(None)


def test_greedy_requests_call_it_too(processor):
    assert processor(None, "cpu", False).is_argmax_invariant() is False


def test_the_name_of_the_argument_is_the_one_in_about_py(processor):
    assert processor.name() in about.LOGITS_PROCESSORS
    assert processor.name() in {entry.name for entry in entry_points(group=_logits_base.GROUP)}


def test_a_bad_argument_is_refused_with_its_name_and_value(processor):
    with pytest.raises(ValueError, match=f"^{processor.name()} = 'bad' is bad$"):
        processor.validate_params(asking(processor, "bad"))
    assert processor.asked_in(asking(processor, 1)) == (1.0,)


@pytest.mark.parametrize("extra_args", [None, {}, {"another": "bad"}], ids=repr)
def test_a_request_that_does_not_ask_is_accepted(processor, extra_args):
    assert processor.asked_in(SimpleNamespace(extra_args=extra_args)) is None


def test_a_bad_argument_that_reaches_the_engine_is_logged_and_nothing_is_done(processor, log):
    made = processor(None, "cpu", False)
    add(processor, made, 0, "bad")
    assert made.apply("logits") == "logits"
    [record] = log
    assert f"{processor.name()} = 'bad' is bad" in record.getMessage()


def test_without_a_change_of_the_batch_the_numbers_stay(processor):
    made = processor(None, "cpu", False)
    add(processor, made, 1, 5)
    expected = [processor.UNCHANGED, (5.0,), processor.UNCHANGED]
    for _ in range(2):
        made.update_state(None)
        assert made.apply(Logits("abc")) == expected


def test_a_batch_that_grows_by_requests_that_do_not_ask_is_followed(processor):
    made = processor(None, "cpu", False)
    add(processor, made, 0, 5)
    assert made.apply(Logits("a")) == [(5.0,)]
    assert made.apply(Logits("ab")) == [(5.0,), processor.UNCHANGED]


def test_two_requests_that_change_places_keep_their_numbers(processor):
    made = processor(None, "cpu", False)
    for row in range(3):
        add(processor, made, row, [None, 6, 7][row])
    made.update_state(BatchUpdate(3, [], [], [(0, 2, MoveDirectionality.SWAP)]))
    assert made.apply(Logits("abc")) == [(7.0,), (6.0,), processor.UNCHANGED]


def test_v2_does_nothing_in_a_step_without_a_request_that_asks(processor):
    made = make_v2(processor)
    assert made.add_request(1, asking(processor, 5)) is True
    assert made.add_request(2, asking(processor, None)) is False
    assert made.apply("logits", step_of(2, 0)) == "logits"
    assert made.apply(Logits("ab"), step_of(2, 1)) == [processor.UNCHANGED, (5.0,)]


def test_v2_gives_each_row_of_a_request_its_numbers(processor):
    """With speculative decoding a request has several rows."""
    made = make_v2(processor)
    made.add_request(3, asking(processor, 5))
    step = SimpleNamespace(idx_mapping_np=Slots([3, 0]), expanded_idx_mapping=Slots([3, 3, 0]))
    assert made.apply(Logits("abc"), step) == [(5.0,), (5.0,), processor.UNCHANGED]


def test_the_same_requests_get_the_same_numbers_in_both_model_runners(processor):
    chance = random.Random(16)
    first, second = processor(None, "cpu", False), make_v2(processor)
    slots: list[int] = []
    for number in range(500):
        if slots and (len(slots) == SLOTS or chance.random() < 0.5):
            row = chance.randrange(len(slots))
            slots[row] = slots[-1]
            move = (len(slots) - 1, row, MoveDirectionality.UNIDIRECTIONAL)
            first.update_state(BatchUpdate(1, [row], [], [move] if row < len(slots) - 1 else []))
            slots.pop()
        else:
            slot = chance.choice(sorted(set(range(SLOTS)) - set(slots)))
            asked = number if chance.random() < 0.5 else None
            add(processor, first, len(slots), asked)
            second.add_request(slot, asking(processor, asked))
            slots.append(slot)
        logits = Logits("x" * len(slots))
        assert first.apply(logits) == second.apply(logits, step_of(*slots))


@pytest.mark.parametrize("how", ["path", "class"])
def test_a_class_that_would_run_twice_is_refused(processor, how):
    path = f"{processor.__module__}:{processor.__qualname__}"
    named = {"path": path, "class": processor}[how]
    for given in (("cpu", False), (SimpleNamespace(max_num_reqs=SLOTS),)):
        config = SimpleNamespace(model_config=SimpleNamespace(logits_processors=[named]))
        with pytest.raises(ValueError, match="would run .* twice.*Cure: leave it out"):
            processor(config, *given)
        config.model_config.logits_processors = ["another:Class"]
        assert processor(config, *given)
