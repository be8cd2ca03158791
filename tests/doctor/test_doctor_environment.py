"""The doctor reads the environment variables as vLLM does."""

import json
import os
import re

import pytest
from breaking import ENGINE, NAME, PLUGIN, another_plugin, assert_finds, note
from shared.rendering import run

pytestmark = pytest.mark.xdist_group("doctor")


SPACE = "with a space that vLLM takes for part of the name"
QUOTES = "with quotes that vLLM takes for part of the name"
OTHER_CAPITALS = "with other capitals than the plugin's name"
SEPARATOR = "which has something other than a comma between two names"
REASONS = {
    None: "which lets the plugin in",
    PLUGIN: "which lets the plugin in",
    f"other,{PLUGIN}": "which lets the plugin in",
    f",{PLUGIN},": "which lets the plugin in",
    f"all,{PLUGIN}": "which lets the plugin in",
    f"other, {PLUGIN}": SPACE,
    f"{PLUGIN} ": SPACE,
    f" {PLUGIN}": SPACE,
    f"{PLUGIN} ,other": SPACE,
    f"other,{PLUGIN}\t": SPACE,
    f"{PLUGIN}\n": SPACE,
    f"'{PLUGIN}'": QUOTES,
    f'"other,{PLUGIN}"': QUOTES,
    "": "so vLLM loads no plugin",
    " ": "so vLLM loads no plugin",
    ",": "so vLLM loads no plugin",
    '""': "so vLLM loads no plugin",
    "My-Plugin": OTHER_CAPITALS,
    "MY-PLUGIN ": OTHER_CAPITALS,
    NAME: "which names the package and not the plugin",
    "vllm-my-model": "which names the package and not the plugin",
    "all": "and no plugin has the name all",
    "ALL": "and no plugin has the name all",
    "other, all ": "and no plugin has the name all",
    f"other {PLUGIN}": SEPARATOR,
    f"{PLUGIN};other": SEPARATOR,
    "other": "without the plugin's name",
    f"{PLUGIN}s": "without the plugin's name",
    "my plugin": "without the plugin's name",
    "other," * 1000: "without the plugin's name",
}
# What the doctor says of each value, and whether vLLM then loads the plugin.
DECIDE = f"""
import json, os, sys
import vllm.plugins
from {NAME}._doctor.environment import look_at_vllm_plugins
answers = []
for value in json.load(sys.stdin):
    os.environ.pop("VLLM_PLUGINS", None)
    if value is not None:
        os.environ["VLLM_PLUGINS"] = value
    loaded = vllm.plugins.load_plugins_by_group("vllm.general_plugins")
    answers.append([look_at_vllm_plugins(), {PLUGIN!r} in loaded])
print(json.dumps(answers))
"""


def test_the_doctor_says_whether_vllm_plugins_lets_the_plugin_in_and_why(built):
    settings = os.environ | {"PYTHONPATH": f"{built.site}:{ENGINE}"}
    result = run(built.python, "-c", DECIDE, typed=json.dumps(list(REASONS)), env=settings)
    answers = json.loads(result.stdout)
    for (value, reason), (finding, loaded) in zip(REASONS.items(), answers, strict=True):
        level, text, cure = finding
        note(text, cure)
        shown = "not set" if value is None else repr(value)
        assert text.startswith(f"VLLM_PLUGINS is {shown[:200]}"), text
        assert text.endswith(f", {reason}."), text
        assert len(text) < 400, text
        assert (level == "ok", level == "problem") == (loaded, not loaded), text
        assert cure.startswith("" if loaded else f"unset it, or add {PLUGIN} to it"), cure


LOADED = """
import json, os, sys
import vllm.plugins
for value in json.load(sys.stdin):
    os.environ.pop("VLLM_PLUGINS", None)
    if value != "not set":
        os.environ["VLLM_PLUGINS"] = value
    print(json.dumps(sorted(vllm.plugins.load_plugins_by_group("vllm.general_plugins"))))
"""
# What each row of the README's table says, by its first words.
SAYS = {
    "every plugin that is installed": [PLUGIN, "other"],
    "this plugin and no other": [PLUGIN],
    "these two": [PLUGIN, "other"],
    "this one": [PLUGIN],
    "none": [],
}


def test_the_readme_says_what_vllm_plugins_lets_in(built, tmp_path):
    another_plugin(tmp_path / "others", tmp_path, "other", "pass")
    readme = (built.project / "docs/_template/loading.md").read_text()
    table = readme.split("| what vLLM loads |\n|---|---|\n")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (.+?) \| ([\w ]+).* \|$", table, re.MULTILINE)
    values = [(value.strip("`"), says) for value, says in rows]
    # The row that begins with all has two.
    values = [(re.sub("`, or set and empty$", "", value), says) for value, says in values]
    values.append(("", values[-1][1]))
    settings = os.environ | {"PYTHONPATH": f"{built.site}:{tmp_path / 'others'}:{ENGINE}"}
    asked = json.dumps([value for value, _ in values])
    result = run(built.python, "-c", LOADED, typed=asked, env=settings)
    loaded = [json.loads(line) for line in result.stdout.splitlines()]
    assert loaded == [SAYS[says.strip()] for _, says in values], values
    assert [value for value, _ in values][-2:] == ["all", ""]
    assert len(values) == 6


def test_vllm_plugins_keeps_the_plugin_out(doctor, built):
    cure = f"unset it, or add {PLUGIN} to it"
    expected = [("problem", f"VLLM_PLUGINS is 'all', {REASONS['all']}.", cure)]
    doctor(built.site, ENGINE, env={"VLLM_PLUGINS": "all"}, expected=expected, ok=2)


def test_vllm_plugins_lets_the_plugin_in(doctor, built):
    report = doctor(built.site, ENGINE, env={"VLLM_PLUGINS": f"other,{PLUGIN}"})
    assert report[1]["found"] == f"VLLM_PLUGINS is 'other,{PLUGIN}', {REASONS[PLUGIN]}."


NOT_A_NUMBER = "which is not a number"
RUST = {
    "0": "",
    "00": "",
    " 0 ": "",
    "1": "`vllm serve` then answers requests with a program in Rust",
    " 2": "`vllm serve` then answers requests with a program in Rust",
    "true": NOT_A_NUMBER,
    "": NOT_A_NUMBER,
}
ASK = f"""
import json, os, sys
from {NAME}._doctor.environment import look_at_rust_front_end
for value in json.load(sys.stdin):
    os.environ["VLLM_USE_RUST_FRONTEND"] = value
    print(json.dumps(list(look_at_rust_front_end())))
"""


def test_the_front_end_in_rust_is_recognized_by_its_variable(built):
    settings = os.environ | {"PYTHONPATH": str(built.site)}
    result = run(built.python, "-c", ASK, typed=json.dumps(list(RUST)), env=settings)
    for (value, text), line in zip(RUST.items(), result.stdout.splitlines(), strict=True):
        level = "problem" if text == NOT_A_NUMBER else "warning"
        said = f"VLLM_USE_RUST_FRONTEND is {value!r}"
        findings = json.loads(line)
        assert_finds(
            findings,
            *(
                [
                    (level, said, "unset it"),
                ]
                if text
                else []
            ),
        )
        for _, found, cure in findings:
            note(found, cure)
            assert text in found


def test_the_doctor_looks_at_the_front_end(doctor, built):
    expected = [("warning", "VLLM_USE_RUST_FRONTEND is '1'", "unset it")]
    doctor(built.site, ENGINE, env={"VLLM_USE_RUST_FRONTEND": "1"}, expected=expected)
