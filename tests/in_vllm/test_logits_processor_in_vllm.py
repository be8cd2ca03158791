"""The logits processor in a real engine that is told to load it too."""

import json
import os

import pytest
from lane import VERSION, build
from shared import environments
from shared.rendering import LONG_LIMIT, render_into, result_of

pytestmark = pytest.mark.real

KIND = "logits_processor"


NAMED_TOO = """
import sys
from vllm import LLM
if __name__ == "__main__":
    folder, named = sys.argv[1:]
    options = dict(dtype="float32", max_model_len=64, enforce_eager=True)
    LLM(folder, logits_processors=[named], skip_tokenizer_init=True, load_format="dummy", **options)
"""


def test_an_engine_that_is_told_to_load_the_class_too_does_not_start(settings, tmp_path):
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    project = render_into(tmp_path, kind=KIND)
    environments.install(bin_folder, build(project))
    sizes = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1, "head_dim": 32}
    sizes |= {"num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 257}
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]} | sizes
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "script.py").write_text(NAMED_TOO)
    named = f"{project.name}.logits_processor:MyLogitsProcessor"
    command = [bin_folder / "python", tmp_path / "script.py", tmp_path, named]
    result = result_of(*command, env=os.environ | settings, limit=LONG_LIMIT)
    assert result.returncode != 0
    assert f"vLLM would run {named} twice" in result.stdout + result.stderr
