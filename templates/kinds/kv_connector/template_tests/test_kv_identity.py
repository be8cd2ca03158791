"""What makes KV differ gives it another place in the store, and the same gives it the same."""

import os
from types import SimpleNamespace

import pytest

from {{ cookiecutter.package_name }} import _kv_identity


class FullAttentionSpec:
    block_size = 16

    def __repr__(self):
        return f"FullAttentionSpec(block_size={self.block_size})"


class MambaSpec(FullAttentionSpec):
    pass


def cache(*specs):
    groups = [SimpleNamespace(kv_cache_spec=spec, layer_names=["a", "b"]) for spec in specs]
    return SimpleNamespace(kv_cache_groups=groups)


@pytest.fixture
def config(monkeypatch, tmp_path):
    monkeypatch.setattr(_kv_identity, "device", lambda: ["cpu", "x86_64"])
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    hf_config = SimpleNamespace(to_json_string=lambda: '{"hidden_size": 64}')
    named = {"model": str(tmp_path), "revision": None, "hf_config": hf_config}
    return SimpleNamespace(
        model_config=SimpleNamespace(**named, dtype="float32", quantization=None),
        cache_config=SimpleNamespace(cache_dtype="auto"),
        parallel_config=SimpleNamespace(tensor_parallel_size=1, pipeline_parallel_size=1),
        attention_config="AttentionConfig()",
    )


def change_weights(config):
    os.utime(f"{config.model_config.model}/model.safetensors", (1, 1))


def change_config_json(config):
    config.model_config.hf_config.to_json_string = lambda: '{"hidden_size": 128}'


CHANGES = {
    "weights": change_weights,
    "config.json": change_config_json,
    "revision": lambda config: setattr(config.model_config, "revision", "main"),
    "dtype": lambda config: setattr(config.model_config, "dtype", "bfloat16"),
    "quantization": lambda config: setattr(config.model_config, "quantization", "fp8"),
    "cache dtype": lambda config: setattr(config.cache_config, "cache_dtype", "fp8"),
    "workers": lambda config: setattr(config.parallel_config, "tensor_parallel_size", 2),
    "attention": lambda config: setattr(config, "attention_config", "AttentionConfig(x)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_makes_kv_differ_makes_another_scope(config, change):
    full = cache(FullAttentionSpec())
    before = _kv_identity.scope_of(config, full)
    assert before == _kv_identity.scope_of(config, full)
    CHANGES[change](config)
    after = _kv_identity.scope_of(config, full)
    assert (after[0] != before[0], after[1]) == (True, 16)


def test_a_name_on_a_hub_has_no_files_to_look_at(tmp_path):
    assert _kv_identity.weights_in(tmp_path / "org" / "model") == []


@pytest.mark.parametrize("specs", [[], [MambaSpec()], [FullAttentionSpec(), MambaSpec()]])
def test_kv_of_other_than_full_attention_is_not_stored(config, specs):
    assert "not for full attention" in _kv_identity.reason_against_storing(config, cache(*specs))


def test_context_parallel_workers_store_nothing(config):
    full = cache(FullAttentionSpec())
    assert _kv_identity.reason_against_storing(config, full) == ""
    config.parallel_config.decode_context_parallel_size = 2
    assert "is 2" in _kv_identity.reason_against_storing(config, full)


@pytest.mark.real_vllm
def test_the_device_has_a_name_that_stays_the_same():
    first = _kv_identity.device()
    assert all(first[:2])
    assert _kv_identity.device() == first
