"""Proof on a real vLLM: a request that names an adapter is answered by it, with the tokens of peft.

Never rendered; tests/in_vllm/scripts/served.py runs it. The model and the adapter are tiny and random.
"""

import json
import shutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

RANK, STEPS = 8, 16
PROMPTS = ["Once", "upon a time", "there was", "a plugin"]
# Which linear layers each adapter changes. A part beside this one may have replaced the second's.
ADAPTERS = {"first": ["q_proj", "v_proj"], "second": ["o_proj", "down_proj"]}


def options(names: Any, folder: Path) -> list[str]:
    return ["--enable-lora", "--max-lora-rank", str(RANK), "--max-loras", str(len(ADAPTERS))]


def environment(names: Any, folder: Path) -> dict[str, str]:
    variable = import_module(f"{names.package}.adapters").FOLDER
    return {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1", variable: str(root_of(folder))}


def root_of(folder: Path) -> Path:
    return folder.parent / "adapters"


@cache
def base(folder: Path) -> LlamaForCausalLM:
    # In config.json is the plugin's model_type, which transformers does not know here.
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "llama"}
    return LlamaForCausalLM.from_pretrained(folder, config=LlamaConfig.from_dict(config)).eval()


def save_adapters(folder: Path) -> None:
    for seed, (name, layers) in enumerate(ADAPTERS.items()):
        torch.manual_seed(seed)
        # Random weights: as a rule an adapter starts as one that changes nothing.
        made = LoraConfig(r=RANK, lora_alpha=64, target_modules=layers, init_lora_weights=False)
        model = get_peft_model(base.__wrapped__(folder), made)
        # What peft writes there, for a model that is loaded from a folder.
        assert model.peft_config["default"].base_model_name_or_path == str(folder)
        model.save_pretrained(root_of(folder) / name)


def damage_some(folder: Path) -> None:
    root = root_of(folder)
    for name in ("of-another-model", "without-weights"):
        shutil.copytree(root / "first", root / name)
    (root / "without-weights" / "adapter_model.safetensors").unlink()
    path = root / "of-another-model" / "adapter_config.json"
    path.write_text(path.read_text().replace(str(folder), "org/other"))
    shutil.copytree(root / "first", root.parent / "outside")
    (root / "link-outside").symlink_to(root.parent / "outside")


def tokens_of_hf(model: Any, server: Any) -> list[list[int]]:
    found = []
    for prompt in PROMPTS:
        ids = torch.tensor([server.tokenizer.encode(prompt)])
        for _ in range(STEPS):
            with torch.no_grad():
                best = model(ids).logits[:, -1:].argmax(-1)
            ids = torch.cat([ids, best], dim=1)
        found.append(ids[0, -STEPS:].tolist())
    return found


def tokens_of(server: Any, model: str) -> list[list[int]]:
    """Return what the server writes after the prompts, which it gets in one request."""
    body = {"ignore_eos": True, "return_tokens_as_token_ids": True}
    answer = server.client.completions.create(
        model=model, prompt=PROMPTS, max_tokens=STEPS, temperature=0, logprobs=1, extra_body=body
    )
    tokens = [choice.logprobs.tokens for choice in answer.choices]
    return [[int(token.removeprefix("token_id:")) for token in each] for each in tokens]


def status_of(server: Any, model: str) -> int:
    return server.ask("/v1/completions", {"model": model, "prompt": "Once", "max_tokens": 1})[0]


def prove(server: Any, names: Any) -> dict:
    folder = server.folder
    # Not before the server runs: what is put there later is found too.
    save_adapters(folder)
    damage_some(folder)
    expected = tokens_of_hf(base(folder), server)
    answers = {"base": tokens_of(server, server.model)}
    assert answers["base"] == expected, (answers["base"], expected)
    for name in ADAPTERS:
        model = PeftModel.from_pretrained(base.__wrapped__(folder), root_of(folder) / name)
        adapted = tokens_of_hf(model.eval(), server)
        assert all(one != other for one, other in zip(adapted, expected, strict=True)), adapted
        answers[name] = tokens_of(server, name)
        assert answers[name] == adapted, (name, answers[name], adapted)
    assert tokens_of(server, server.model) == expected, "the base model is changed"
    listed = [each["id"] for each in server.ask("/v1/models")[1]["data"]]
    assert listed == [server.model, *ADAPTERS], listed
    refused = {
        "../outside": "not that of one folder",
        str(folder.parent / "outside"): "not that of one folder",
        "first\0": "not printable",
        "link-outside": "a link out of",
        "of-another-model": "'org/other', and",
        "without-weights": "has no weights",
    }
    for name, reason in refused.items():
        before = len(server.log)
        assert status_of(server, name) == 404, name
        lines = [line for line in server.log[before:].splitlines() if "LoRA adapter" in line]
        [line] = lines
        for words in (f"{name!r} is refused: ", reason, "Cure: "):
            assert words in line, line
    assert status_of(server, "nowhere") == 404
    return answers
