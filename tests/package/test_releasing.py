"""What may never change again, since `cruft update` runs two versions of the template together."""

import json

from shared.rendering import (
    ROOT,
    commit,
    copy_of_the_repository,
    read_about,
    render_into,
    result_of,
    run,
)

# The questions of 0.2.0, and the choices of those that have some. More may come, and none may go.
QUESTIONS = {
    "kind": [
        *("decoder", "extend", "embedding", "multimodal"),
        *("tool_parser", "reasoning_parser", "logits_processor", "layer_swap"),
        *("quantization", "kv_connector", "stat_logger", "endpoint"),
        *("io_processor", "lora_resolver", "platform"),
    ],
    "also": None,
    "package_name": None,
    "plugin_name": None,
    "class_name": None,
    "registered_name": None,
    "description": None,
    "author_name": None,
    "author_email": None,
    "license": ["Apache-2.0", "MIT", "BSD-3-Clause", "Proprietary"],
    "repository_url": None,
}
# What template_extension.py of 0.2.0 takes from answer_rules.py.
TAKEN_FROM_THE_RULES = ["check", "problem_with", "QUESTIONS", "refuse_template_code"]
TAKEN_FROM_THE_RULES += ["FILTERS", "GLOBALS"]


def test_every_question_of_an_earlier_version_is_there_and_every_choice():
    now = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    for name, choices in QUESTIONS.items():
        assert name in now, f"{name} was renamed or removed: its answers would be lost in silence"
        assert set(choices or []) <= set(now[name]), name


def test_an_answer_to_a_question_that_was_renamed_is_lost_in_silence(tmp_path):
    """That is why: cookiecutter ignores what it does not know, and the default answers."""
    kept = render_into(tmp_path / "kept", kind="embedding")
    lost = render_into(tmp_path / "lost", model_kind="embedding")
    assert list(read_about(kept)["ARCHITECTURES"]) == ["MyEmbeddingModel"]
    assert list(read_about(lost)["ARCHITECTURES"]) == ["MyModelForCausalLM"]


def test_the_rules_have_what_an_earlier_extension_takes_from_them():
    text = (ROOT / "template_extension.py").read_text(encoding="utf-8")
    names: dict = {"__name__": "answer_rules", "__file__": str(ROOT / "answer_rules.py")}
    exec((ROOT / "answer_rules.py").read_text(encoding="utf-8"), names)
    for name in TAKEN_FROM_THE_RULES:
        assert name in names
        assert f'"{name}"' in text


def test_an_update_dies_if_the_rules_have_moved(tmp_path):
    """The extension that was loaded for the old version reads the new version's file."""
    template = copy_of_the_repository(tmp_path / "template")
    run("cruft", "create", "--no-input", "--output-dir", tmp_path, template)
    project = tmp_path / "vllm_my_model"
    run("git", "init", "--quiet", project)
    commit(project, "new")
    (template / "answer_rules.py").rename(template / "rules.py")
    extension = template / "template_extension.py"
    extension.write_text(extension.read_text().replace("answer_rules.py", "rules.py"))
    rules = template / "rules.py"
    rules.write_text(rules.read_text() + "# Another text.\n")
    commit(template, "moved")
    update = result_of("cruft", "update", "--skip-apply-ask", cwd=project)
    assert update.returncode != 0
    assert "answer_rules.py" in update.stderr
    # In its place, it would have arrived.
    rules.rename(template / "answer_rules.py")
    extension.write_text(extension.read_text().replace("rules.py", "answer_rules.py"))
    commit(template, "moved back")
    run("cruft", "update", "--skip-apply-ask", cwd=project)
