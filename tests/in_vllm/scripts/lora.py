"""Run beside a plugin's tests: a random LoRA adapter in vLLM, and in peft."""

import json
import sys
from pathlib import Path

import torch
from _template.tiny_checkpoint import greedy_in_hf, save_checkpoint
from peft import LoraConfig, get_peft_model
from reference import PROMPTS
from vllm import LLM, SamplingParams
from vllm.lora.request import LoRARequest

RANK, STEPS = 8, 16
ATTENTION, MLP = ["q_proj", "k_proj", "v_proj", "o_proj"], ["gate_proj", "up_proj", "down_proj"]

if __name__ == "__main__":
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    adapter = folder.parent / "adapter"
    model = save_checkpoint(folder, tie_word_embeddings=False, **options["names"])
    without = [greedy_in_hf(model, prompt, STEPS)[0] for prompt in PROMPTS]
    torch.manual_seed(1)
    # False is for random weights; as a rule an adapter starts as one that changes nothing.
    config = LoraConfig(r=RANK, target_modules=ATTENTION + MLP, init_lora_weights=False)
    adapted = get_peft_model(model, config).eval()
    adapted.save_pretrained(adapter)
    expected = [greedy_in_hf(adapted, prompt, STEPS)[0] for prompt in PROMPTS]

    limits = {"max_lora_rank": RANK, "max_model_len": 128}
    llm = LLM(str(folder), dtype="float32", enable_lora=True, enforce_eager=True, **limits)
    sampling = SamplingParams(temperature=0, max_tokens=STEPS, ignore_eos=True)

    def generate(request=None):
        outputs = llm.generate(PROMPTS, sampling, use_tqdm=False, lora_request=request)
        return [list(output.outputs[0].token_ids) for output in outputs]

    request = LoRARequest("random", 1, str(adapter))
    # Each prompt's tokens, or else the check below would be of less than it says.
    assert all(one != other for one, other in zip(expected, without, strict=True))
    results = {
        "vLLM": {"without": generate(), "with": generate(request)},
        "peft": {"without": without, "with": expected},
    }
    (folder / "result.json").write_text(json.dumps(results))
