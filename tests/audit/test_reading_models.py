"""Which models the audit checks against vLLM's interfaces."""

import pytest

MODEL = "class {name}({bases}):\n    def forward(self, input_ids, positions): pass\n    def embed_input_ids(self, x): pass\n"
INTERFACES = "class VllmModel:\n    def forward(self, input_ids, positions): ...\n    def embed_input_ids(self, x): ...\n"
INTERFACES += "    def pool(self): ...\nclass VllmModelForPooling(VllmModel): ...\n"
REGISTER = "from vllm.registry import register_model\n"
REGISTRATIONS = {
    "a lazy string": REGISTER + 'register_model("A", "plugin.model:Mine")\n',
    "an f-string": REGISTER + 'register_model("A", f"{__name__}.model:Mine")\n',
    "a keyword": REGISTER + 'register_model("A", model_cls="plugin.model:Mine")\n',
    "a table": REGISTER + 'TABLE = {"A": "plugin.model:Mine"}\nfor a, b in TABLE.items():\n    register_model(a, b)\n',
    "the class": REGISTER + "from .model import Mine\nregister_model('A', Mine)\n",
}  # fmt: skip


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_every_registered_model_is_checked(plugin, tools, name):
    model = MODEL.format(name="Base", bases="") + "class Mine(Base): pass\n"
    mine = plugin(REGISTRATIONS[name], model=model)
    files = {"registry": "def register_model(name, model_cls): pass\n"}
    interfaces = "model_executor/models/interfaces_base"
    reference = mine.recorded(**files)
    report = mine.report(reference, **files, **{interfaces: INTERFACES})
    assert report.sections["Breaking"] == [
        "vLLM 1.0: VllmModelForPooling requires pool(); missing in model.py:4"
    ]
    assert report.models == ""


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import vllm\n", "this package names no model that it registers"),
        (
            REGISTRATIONS["the class"],
            "of Mine, the source here does not tell all methods",
        ),
    ],
)
def test_the_report_says_why_no_model_is_checked(plugin, code, reason):
    model = "from other import Base\n" + MODEL.format(name="Mine", bases="Base")
    assert plugin(code, model=model).report().models == reason
