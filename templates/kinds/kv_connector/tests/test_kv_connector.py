"""Requests through both halves of the connector, called in vLLM's order; blocks are texts here."""

import logging
import pickle
from types import SimpleNamespace

import pytest
from vllm.distributed.kv_transfer.kv_connector.v1.base import KVConnectorRole

{{ import_from(cookiecutter.package_name, ["_kv_identity", "_safety", "kv_connector"]) }}
from {{ cookiecutter.package_name }}.about import PLUGIN_NAME

Connector = kv_connector.{{ class_of("kv_connector") }}
SIZE = 4
PROMPT = list(range(10))


class FullAttentionSpec:
    block_size = SIZE


class SlidingWindowSpec(FullAttentionSpec):
    pass


class Cache(dict):
    """The blocks of a worker: number -> bytes."""

    layout = "text"

    def __init__(self, kv_caches, number):
        super().__init__()

    def read(self, block):
        return self[block]

    def write(self, block, data):
        self[block] = data


class Engine:
    """A scheduler and its workers, as far as a connector sees them: one request after another."""

    def __init__(self, folder, workers=1, spec=FullAttentionSpec, **transfer):
        group = SimpleNamespace(kv_cache_spec=spec(), layer_names=["a"])
        cache = SimpleNamespace(kv_cache_groups=[group], num_blocks=99)

        def make(role, rank=0):
            given = {
                "kv_connector_extra_config": {"folder": str(folder)},
                "kv_load_failure_policy": "recompute",
                "is_kv_producer": True,
                "is_kv_consumer": True,
            }
            parallel = SimpleNamespace(world_size=workers, rank=rank)
            config = SimpleNamespace(
                kv_transfer_config=SimpleNamespace(**(given | transfer)), parallel_config=parallel
            )
            return Connector(config, role, cache)

        self.scheduler = make(KVConnectorRole.SCHEDULER)
        self.workers = [make(KVConnectorRole.WORKER, rank) for rank in range(workers)]
        for worker in self.workers:
            worker.register_kv_caches({})
        self.free = iter(range(1, 99))

    def cache_of(self, rank=0):
        return self.workers[rank]._worker._blocks

    def step(self):
        """Run a step in all workers; return the requests that are saved, and the failed blocks."""
        # It goes to another process.
        metadata = pickle.loads(pickle.dumps(self.scheduler.build_connector_meta(None)))
        saved, failed = set(), set()
        for worker in self.workers:
            worker.bind_connector_metadata(metadata)
            worker.start_load_kv(None)
            saved |= worker.get_finished(set())[0] or set()
            failed |= worker.get_block_ids_with_load_errors()
            worker.clear_connector_metadata()
        return saved, failed

    def ask(self, tokens, computed=0, status="FINISHED_STOPPED", **more):
        """Run a request; return how many tokens were loaded, the KV of each block, and failed blocks."""
        fields = {"lora_request": None, "mm_features": [], "prompt_embeds": None}
        fields |= {"cache_salt": None, "skip_reading_prefix_cache": False}
        request = SimpleNamespace(request_id="r", all_token_ids=list(tokens), **(fields | more))
        loaded, later = self.scheduler.get_num_new_matched_tokens(request, computed)
        assert not later
        blocks = [next(self.free) for _ in range(0, len(tokens), SIZE)]
        allocated = SimpleNamespace(get_block_ids=lambda: (blocks,))
        self.scheduler.update_state_after_alloc(request, allocated, loaded)
        _, failed = self.step()
        known = range(computed // SIZE, (computed + loaded) // SIZE)
        for place, block in enumerate(blocks):
            for rank in range(len(self.workers)):
                if place not in known or block in failed:
                    text = f"{rank}: {tokens[: (place + 1) * SIZE]}"
                    self.cache_of(rank)[block] = text.encode()
        # The model says one token more.
        request.all_token_ids.append(7)
        request.num_computed_tokens = len(tokens)
        request.status = SimpleNamespace(name=status)
        keeps, _ = self.scheduler.request_finished_all_groups(request, (blocks,))
        assert self.step() == ({"r"} if keeps else set(), set())
        return loaded, [self.cache_of()[block] for block in blocks], failed


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The cache is a dict, and the model is always the same."""
    monkeypatch.setattr(kv_connector, "TensorBlocks", Cache)
    monkeypatch.setattr(_kv_identity, "facts_of", lambda *_: "a model")


@pytest.fixture
def log():
    """Collect what the plugin logs."""
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    _safety.logger.addHandler(handler)
    yield records
    _safety.logger.removeHandler(handler)


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_second_request_takes_the_same_kv_from_the_store(tmp_path):
    first = Engine(tmp_path).ask(PROMPT)
    # Another server, after the first.
    second = Engine(tmp_path).ask(PROMPT)
    assert (first[0], second[0]) == (0, 8)
    assert first[1] == second[1]
    assert len(files_in(tmp_path)) == 2


def test_only_what_is_the_same_from_the_beginning_is_loaded(tmp_path):
    engine = Engine(tmp_path)
    engine.ask(PROMPT)
    assert engine.ask([*PROMPT[:6], 99, 98, 97])[0] == 4
    assert engine.ask([99, *PROMPT[1:]])[0] == 0
    assert engine.ask(PROMPT[:3])[0] == 0


def test_the_last_token_is_always_computed(tmp_path):
    engine = Engine(tmp_path)
    engine.ask(PROMPT[:8])
    assert len(files_in(tmp_path)) == 2
    assert engine.ask(PROMPT[:8])[0] == 4
    assert engine.ask(PROMPT[:9])[0] == 8


def test_an_answer_is_stored_with_its_prompt_but_for_its_last_token(tmp_path):
    engine = Engine(tmp_path)
    engine.ask(PROMPT[:7])
    # The token 7 was sampled, and nothing came after it.
    assert len(files_in(tmp_path)) == 1


def test_what_vllm_has_itself_is_not_loaded(tmp_path):
    engine = Engine(tmp_path)
    first = engine.ask(PROMPT)
    loaded, blocks, _ = engine.ask(PROMPT, computed=4)
    assert (loaded, blocks) == (4, first[1])


def test_a_damaged_block_is_computed_anew_and_stored_again(tmp_path, log):
    engine = Engine(tmp_path)
    first = engine.ask(PROMPT)
    whole = {path: path.read_bytes() for path in files_in(tmp_path)}
    for path, held in whole.items():
        path.write_bytes(held[:-1])
    loaded, blocks, failed = engine.ask(PROMPT)
    assert (loaded, len(failed)) == (8, 2)
    assert blocks == first[1]
    assert {path: path.read_bytes() for path in files_in(tmp_path)} == whole
    messages = [record.getMessage() for record in log]
    assert len(messages) == 2
    for message, path in zip(sorted(messages), files_in(tmp_path), strict=True):
        assert PLUGIN_NAME in message and f"{path} is damaged" in message


def test_a_file_that_is_gone_when_it_is_loaded_is_computed_anew(tmp_path, monkeypatch):
    engine = Engine(tmp_path)
    engine.ask(PROMPT)
    for path in files_in(tmp_path):
        path.unlink()
    monkeypatch.setattr(engine.scheduler._scheduler._store, "has", lambda key: True)
    loaded, _, failed = engine.ask(PROMPT)
    assert (loaded, len(failed)) == (8, 2)


def test_a_block_counts_only_if_every_worker_has_stored_it(tmp_path):
    engine = Engine(tmp_path, workers=2)
    engine.ask(PROMPT)
    assert len(files_in(tmp_path)) == 4
    assert engine.ask(PROMPT)[0] == 8
    for path in files_in(tmp_path):
        path.rename(tmp_path / "away")
        assert engine.scheduler._scheduler.promise("r", PROMPT, 0) < 8, path
        (tmp_path / "away").rename(path)


OTHERS = {
    "an adapter": {"lora_request": "adapter"},
    "an image": {"mm_features": ["image"]},
    "embeddings": {"prompt_embeds": [0.5]},
}


@pytest.mark.parametrize("other", OTHERS)
def test_kv_that_depends_on_more_than_tokens_is_not_stored(tmp_path, other):
    engine = Engine(tmp_path)
    engine.ask(PROMPT, **OTHERS[other])
    assert files_in(tmp_path) == []
    engine.ask(PROMPT)
    assert engine.ask(PROMPT, **OTHERS[other])[0] == 0


def test_a_salt_keeps_requests_apart(tmp_path):
    engine = Engine(tmp_path)
    engine.ask(PROMPT, cache_salt="mine")
    assert [engine.ask(PROMPT, cache_salt=salt)[0] for salt in ("mine", "yours", None)] == [8, 0, 0]


def test_logprobs_of_a_prompt_need_all_of_it_computed(tmp_path):
    engine = Engine(tmp_path)
    engine.ask(PROMPT)
    assert engine.ask(PROMPT, skip_reading_prefix_cache=True)[0] == 0


def test_a_request_that_is_aborted_stores_nothing(tmp_path):
    Engine(tmp_path).ask(PROMPT, status="FINISHED_ABORTED")
    assert files_in(tmp_path) == []


def test_a_full_disk_does_not_fail_a_request(tmp_path, monkeypatch, log):
    engine = Engine(tmp_path)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(engine.workers[0]._store, "put", fail)
    engine.ask(PROMPT)
    assert "No space left" in log[0].getMessage() and "Cure:" in log[0].getMessage()
    assert engine.ask(PROMPT)[0] == 0


def test_after_a_reset_nothing_from_before_is_used(tmp_path):
    engine = Engine(tmp_path)
    engine.ask(PROMPT)
    assert engine.scheduler.reset_cache()
    assert [engine.ask(PROMPT)[0] for _ in range(2)] == [0, 8]
    # Another server has the weights that it began with.
    assert Engine(tmp_path).ask(PROMPT)[0] == 8


def test_a_reset_lets_vllm_have_its_blocks_back(tmp_path):
    engine = Engine(tmp_path)
    engine.scheduler._scheduler.save("r", PROMPT, [1, 2, 3])
    engine.scheduler.reset_cache()
    assert engine.step() == ({"r"}, set())
    assert files_in(tmp_path) == []


def test_a_role_says_who_loads_and_who_saves(tmp_path):
    Engine(tmp_path, is_kv_producer=False).ask(PROMPT)
    assert files_in(tmp_path) == []
    producer = Engine(tmp_path, is_kv_consumer=False, kv_load_failure_policy="fail")
    producer.ask(PROMPT)
    assert producer.ask(PROMPT)[0] == 0
    assert Engine(tmp_path, is_kv_producer=False).ask(PROMPT)[0] == 8


def test_a_cache_that_is_not_for_full_attention_is_left_alone_and_said(tmp_path, log):
    engine = Engine(tmp_path, spec=SlidingWindowSpec)
    request = SimpleNamespace(request_id="r", skip_reading_prefix_cache=False)
    assert engine.scheduler.get_num_new_matched_tokens(request, 0) == (0, False)
    assert engine.scheduler.request_finished_all_groups(request, ([1], [2])) == (False, None)
    assert engine.step() == (set(), set())
    assert engine.scheduler.reset_cache()
    assert "no KV is stored: its cache is for SlidingWindowSpec" in log[0].getMessage()


def test_a_policy_that_fails_requests_is_refused(tmp_path):
    with pytest.raises(ValueError, match='kv_load_failure_policy is "fail"') as error:
        Engine(tmp_path, kv_load_failure_policy="fail")
    assert "Cure:" in str(error.value)
