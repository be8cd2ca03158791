"""Run beside a plugin's tests: a random LoRA adapter in vLLM, and merged into the weights in HF."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tiny_llama import PROMPTS, greedy_in_hf, save_checkpoint
from vllm import LLM, SamplingParams
from vllm.lora.request import LoRARequest

RANK, STEPS = 8, 16
ATTENTION, MLP = ["q_proj", "k_proj", "v_proj", "o_proj"], ["gate_proj", "up_proj", "down_proj"]


def add_adapter(model, folder: Path) -> None:
    """Write an adapter for ``model`` in peft's format, and merge it into the model's weights."""
    torch.manual_seed(1)
    adapter = {}
    for name, layer in model.named_modules():
        if name.rpartition(".")[2] in ATTENTION + MLP:
            down = 0.1 * torch.randn(RANK, layer.in_features)
            up = 0.1 * torch.randn(layer.out_features, RANK)
            adapter[f"base_model.model.{name}.lora_A.weight"] = down
            adapter[f"base_model.model.{name}.lora_B.weight"] = up
            with torch.no_grad():
                # peft scales by alpha / r, which is 2 here.
                layer.weight += 2 * up @ down
    folder.mkdir()
    save_file(adapter, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": RANK, "lora_alpha": 2 * RANK, "bias": "none"}
    config["target_modules"] = ATTENTION + MLP
    (folder / "adapter_config.json").write_text(json.dumps(config))


if __name__ == "__main__":
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    model = save_checkpoint(folder, tie_word_embeddings=False, **options["names"])
    without = [greedy_in_hf(model, prompt, STEPS)[0] for prompt in PROMPTS]
    add_adapter(model, folder.parent / "adapter")
    merged = [greedy_in_hf(model, prompt, STEPS)[0] for prompt in PROMPTS]

    limits = {"max_lora_rank": RANK, "max_model_len": 128}
    llm = LLM(str(folder), dtype="float32", enable_lora=True, enforce_eager=True, **limits)
    sampling = SamplingParams(temperature=0, max_tokens=STEPS, ignore_eos=True)

    def generate(request=None):
        outputs = llm.generate(PROMPTS, sampling, use_tqdm=False, lora_request=request)
        return [list(output.outputs[0].token_ids) for output in outputs]

    request = LoRARequest("random", 1, str(folder.parent / "adapter"))
    assert merged != without
    results = {
        "vLLM": {"without": generate(), "with": generate(request)},
        "HF": {"without": without, "with": merged},
    }
    (folder / "result.json").write_text(json.dumps(results))
