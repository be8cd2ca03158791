"""Checkpoints that do not fit a model are refused in real vLLM, and the tiny one hides nothing."""

import json
import re
from pathlib import Path

import pytest
from shared.rendering import MODELS, proof_of

pytestmark = pytest.mark.real


def result_of(result, folder: Path) -> dict:
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads((folder / "checkpoint" / "result.json").read_text())


@pytest.mark.parametrize("kind", MODELS)
def test_a_checkpoint_that_does_not_fit_is_refused_by_name_and_any_other_loads(
    call, tmp_path, kind
):
    results = result_of(call("load", kind, {"kind": kind}), tmp_path)
    assert len(results) > 20
    wrong = {
        case: said
        for case, (names, said) in results.items()
        if bool(said) != bool(names) or not all(name in said for name in names)
    }
    assert wrong == {}


def test_the_tiny_checkpoint_has_the_names_that_hf_saves_and_not_those_in_the_model(call, tmp_path):
    results = result_of(call("names", "decoder", {}), tmp_path)
    assert any(".experts.0." in name for name in results["saved"]), results
    assert not any(".experts.0." in name for name in results["in the model"]), results
    assert set(results["tiny"]) >= set(results["saved"])
    assert not set(results["tiny"]) & set(results["in the model"]) - set(results["saved"])


# What LLaVA does not depend on: the encoder's last layer, since it takes the features before that,
# what comes after it, and the biases of keys, which softmax takes out where there is no RoPE.
IDLE_IN_CLIP = r"model\.vision_tower\.(encoder\.layers\.2\..+|post_layernorm\..+|.+\.k_proj\.bias)"


@pytest.mark.parametrize("kind", MODELS)
def test_no_tensor_of_the_tiny_checkpoint_is_idle(call, tmp_path, kind):
    results = result_of(call("idle", kind, {}), tmp_path)
    assert results["all"] > 20
    assert len(results["idle"]) == proof_of(kind)["idle_tensors"], results["idle"]
    assert all(re.fullmatch(IDLE_IN_CLIP, name) for name in results["idle"]), results["idle"]
