"""Breaks that only a real vLLM can show: the real lane must notice them."""

from mutations.mutation import KINDS, SHARED, Mutation
from shared.rendering import SUPPORTED_VLLM

IN_PROCESS = "tests/in_vllm/test_models.py -k in_process_the_output"
PROCESSES = "tests/in_vllm/test_processes.py -k in_processes"
MODEL = f"{KINDS}/decoder/plugin/model.py"
CHANGED = "tests/in_vllm/test_authors_change.py -k decoder"
REFUSED = "tests/in_vllm/test_checkpoints.py -k refused and decoder"
TINY = f"{SHARED}/template_tests/tiny_checkpoint.py"

MUTATIONS = [
    # Newer ones see to it themselves.
    Mutation("tied weights ignored", MODEL,
             "                self.lm_head = self.lm_head.tie_weights(self.model.embed_tokens)\n",
             "                pass\n", f"{IN_PROCESS} and decoder", vllm=SUPPORTED_VLLM[0]),
    Mutation("RoPE with another base", MODEL, "rope_parameters=config.rope_parameters,",
             'rope_parameters={"rope_type": "default", "rope_theta": 10000.0},',
             f"{IN_PROCESS} and decoder"),
    Mutation("RoPE in the other layout", MODEL, "is_neox_style=True", "is_neox_style=False",
             f"{IN_PROCESS} and decoder"),
    Mutation("residual not added", MODEL,
             "        return self.mlp(hidden_states), residual\n",
             "        return self.mlp(hidden_states), hidden_states\n",
             f"{IN_PROCESS} and decoder"),
    Mutation("heads not divided among workers", MODEL,
             "num_heads, num_kv_heads = self.qkv_proj.num_heads, self.qkv_proj.num_kv_heads",
             "num_heads, num_kv_heads = config.num_attention_heads, config.num_key_value_heads",
             f"{PROCESSES} and tensor"),
    Mutation("pipeline stage without the residual", MODEL,
             '            residual = intermediate_tensors["residual"]\n',
             "            residual = torch.zeros_like(hidden_states)\n",
             f"{PROCESSES} and pipeline"),
    Mutation("LoRA mapping dropped", MODEL,
             '        "qkv_proj": ["q_proj", "k_proj", "v_proj"],\n', "",
             "tests/in_vllm/test_models.py -k lora"),
    Mutation("suppressed tokens are generated", f"{KINDS}/extend/plugin/model.py",
             "        if logits is not None:\n", "        if logits is None:\n",
             f"{IN_PROCESS} and extend"),
    Mutation("last token and not the mean", f"{KINDS}/embedding/plugin/model.py",
             'seq_pooling_type="MEAN"', 'seq_pooling_type="LAST"', f"{IN_PROCESS} and embedding"),
    Mutation("image scale ignored", f"{KINDS}/multimodal/plugin/model.py",
             "image * scale", "image * 1.0",
             "tests/in_vllm/test_models.py -k own_tests and multimodal"),
    # What would make the parity test blind.
    Mutation("tiny checkpoint with norms of 1 and biases of 0", TINY,
             "                values += 0.3 * torch.randn_like(values)\n",
             "                pass\n", CHANGED),
    Mutation("tiny checkpoint with the default epsilon", f"{SHARED}/tests/reference.py",
             '    "rms_norm_eps": 0.1,\n', "", CHANGED),
    Mutation("tiny checkpoint with the names in the model", TINY,
             'weights = load_file(folder / "model.safetensors")',
             "weights = {n: w.clone() for n, w in model.state_dict().items()}",
             "tests/in_vllm/test_checkpoints.py -k names"),
    Mutation("dropped weights pass", f"{SHARED}/plugin/_weights.py",
             "    refuse(dropped, missing)\n", "    refuse([], missing)\n", REFUSED),
    Mutation("missing weights pass", f"{SHARED}/plugin/_weights.py",
             "    refuse(dropped, missing)\n", "    refuse(dropped, [])\n", REFUSED),
    Mutation("a part of a parameter counts as all of it", f"{SHARED}/plugin/_weights.py",
             "return sum(self.written.get(storage, {}).values()) >= parameter.numel()",
             "return storage in self.written", REFUSED),
    Mutation("unknown settings pass", f"{SHARED}/plugin/_settings.py",
             "if is_set(value) and name not in known and", "if False and", REFUSED),
    Mutation("README serves an embedding model as another", f"{KINDS}/embedding/ask.md",
             " --runner pooling", " --runner generate",
             "tests/in_vllm/test_readme_in_vllm.py -k embedding"),
]  # fmt: skip
