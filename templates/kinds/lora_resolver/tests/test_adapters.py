"""Adapters are found by their names, and what must not be served is refused. Needs no vLLM."""

import json
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.adapters import (
    CONFIG,
    FOLDER,
    WEIGHTS,
    Refused,
    find_adapter,
    id_of,
    problems,
)

BASE = "org/base"
STATED = {"peft_type": "LORA", "base_model_name_or_path": BASE}


def save(folder: Path, weights: str = WEIGHTS[0], **config) -> Path:
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(json.dumps(STATED | config))
    (folder / weights).write_bytes(b"weights")
    return folder


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """The folder of all adapters, with one in it; beside it another that is none of them."""
    save(tmp_path / "secret")
    save(tmp_path / "adapters" / "one")
    monkeypatch.setenv(FOLDER, str(tmp_path / "adapters"))
    return tmp_path / "adapters"


def reason_against(name: str) -> str:
    with pytest.raises(Refused, match="Cure: ") as refused:
        find_adapter(name, BASE)
    return str(refused.value)


def test_an_adapter_is_found_by_the_name_of_its_folder(root):
    assert find_adapter("one", BASE) == (root / "one").resolve()
    assert problems() == []


@pytest.mark.parametrize("weights", WEIGHTS)
def test_each_file_of_weights_will_do(root, weights):
    save(root / "two", weights)
    assert find_adapter("two", BASE) == (root / "two").resolve()


def test_where_no_folder_has_the_name_there_is_no_adapter(root):
    (root / "file").touch()
    (root / "gone").symlink_to(root / "nowhere")
    assert [find_adapter(name, BASE) for name in ("two", "ONES", "file", "gone")] == [None] * 4


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../secret", "one/../../secret", "/", "one/", "a/b", "a\\b", "..\\secret"],
)
def test_a_name_that_is_not_that_of_one_folder_is_refused(root, name):
    assert "not that of one folder" in reason_against(name)
    assert "not that of one folder" in reason_against(str(root.parent / "secret"))


@pytest.mark.parametrize("name", ["one\0", "\0", "one\n", "a\rb", "\x1b[31m", "\ud800", "a\u2028b"])
def test_a_name_that_would_break_a_line_is_refused(root, name):
    assert "not printable" in reason_against(name)


def test_a_name_that_no_file_can_have_is_refused_without_repeating_it(root):
    assert len(reason_against("é" * 128)) < 100


def test_a_link_out_of_the_folder_is_refused(root):
    (root / "link").symlink_to(root.parent / "secret")
    assert f"'link' is a link out of {root.resolve()}" in reason_against("link")
    # The folder of all is such a link to itself.
    (root / "all").symlink_to(root)
    assert "'all' is a link out of" in reason_against("all")


def test_a_file_that_is_a_link_out_of_the_folder_is_refused(root):
    (root / "one" / WEIGHTS[0]).unlink()
    (root / "one" / WEIGHTS[0]).symlink_to(root.parent / "secret" / WEIGHTS[0])
    assert f"{WEIGHTS[0]!r} is a link out of" in reason_against("one")


def test_a_link_within_the_folder_is_another_name(root, monkeypatch):
    (root / "newest").symlink_to("one")
    assert find_adapter("newest", BASE) == (root / "one").resolve()
    # The folder itself may be a link.
    (root.parent / "link").symlink_to(root)
    monkeypatch.setenv(FOLDER, str(root.parent / "link"))
    assert find_adapter("one", BASE) == (root / "one").resolve()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "is no JSON object"),
        ("null", "is no JSON object"),
        ("{}", "peft_type = None"),
        ('{"peft_type": "IA3"}', "peft_type = 'IA3'"),
        ('{"peft_type": "LORA"}', "base_model_name_or_path = None"),
        ('{"peft_type": "LORA", "base_model_name_or_path": [1]}', "= [1]"),
        ('{"peft_type": "LORA", "base_model_name_or_path": "\\u0000"}', "= '\\x00'"),
        ("[" * 99999, "cannot be read: RecursionError"),
        ("1" * 9999, "is no"),
    ],
    ids=range(11),
)
def test_a_malformed_config_is_refused(root, text, reason):
    (root / "one" / CONFIG).write_text(text)
    assert reason in reason_against("one")


def test_a_config_that_is_not_utf_8_is_refused(root):
    (root / "one" / CONFIG).write_bytes(b'{"peft_type": "\xff"}')
    assert "is not JSON" in reason_against("one")


def test_an_adapter_without_a_config_is_refused(root):
    (root / "one" / CONFIG).unlink()
    assert "cannot be read: FileNotFoundError" in reason_against("one")


def test_an_adapter_of_another_model_is_refused(root):
    save(root / "other", base_model_name_or_path="org/other")
    assert "= 'org/other', and 'org/base' is served" in reason_against("other")


def test_two_paths_to_one_model_are_the_same_model(root, tmp_path):
    model = save(tmp_path / "model")
    (tmp_path / "link").symlink_to(model)
    save(root / "two", base_model_name_or_path=f"{model}/")
    assert find_adapter("two", str(tmp_path / "link")) == (root / "two").resolve()


@pytest.mark.parametrize("empty", [True, False])
def test_an_adapter_without_weights_is_refused(root, empty):
    weights = root / "one" / WEIGHTS[0]
    weights.write_bytes(b"") if empty else weights.unlink()
    assert "has no weights" in reason_against("one")


@pytest.mark.parametrize(("value", "reason"), [("", "is not set"), ("/no/folder", "is no folder")])
def test_without_a_folder_every_name_is_refused(root, monkeypatch, value, reason):
    monkeypatch.setenv(FOLDER, value)
    assert f"{FOLDER} is" in reason_against("one")
    assert reason in reason_against("one")
    with pytest.raises(Refused, match=reason):
        problems()


def test_a_name_has_the_same_id_in_every_process_and_no_other_name_has_it():
    # Python's own hash differs from process to process.
    assert id_of("one") == 8544106591765445505
    ids = {id_of(f"adapter-{number}") for number in range(10_000)}
    assert len(ids) == 10_000
    assert min(ids) >= 1 and max(ids) < 2**63


def test_the_doctor_hears_of_each_adapter_that_is_refused(root):
    save(root / "two", peft_type="IA3", base_model_name_or_path="any/model")
    save(root / "three", base_model_name_or_path="another/model")
    (root / ".hidden").mkdir()
    [problem] = problems()
    assert "'two' is refused" in problem and "IA3" in problem


def test_the_doctor_hears_of_a_folder_without_adapters(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    [problem] = problems()
    assert f"{tmp_path} has no LoRA adapter. Cure:" in problem
