"""The doctor says whose model a checkpoint leads to."""

from _template.doctor import run_doctor


def test_the_doctor_names_the_owner_of_a_checkpoint(tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    status, found = run_doctor(tmp_path, str(tmp_path))
    assert status == 1
    assert "models.llama:LlamaForCausalLM" in found["problem"][0]
