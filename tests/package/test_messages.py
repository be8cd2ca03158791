"""What register() says to an operator, word for word: what is wrong, with what, and what to do."""

import json
import os
import sys

import pytest
from shared.rendering import FIXTURE_ENGINE, SUPPORTED_VLLM, run

OLDEST, NEWEST = SUPPORTED_VLLM[0], SUPPORTED_VLLM[-1]
ANSWERS = {
    "package_name": "acme_parrot",
    "plugin_name": "acme.plugin",
    "class_name": "ParrotModel",
    "registered_name": "norwegian_blue",
}
# Prints level, logger and message of all that is logged while a broken plugin registers twice.
SCRIPT = """
import json, logging, sys
import vllm, transformers
import acme_parrot

said = []
handler = logging.Handler()
handler.emit = lambda record: said.append([record.levelname, record.name, record.getMessage()])
logging.getLogger("vllm").addHandler(handler)
logging.getLogger("vllm").setLevel(logging.DEBUG)

class Other(transformers.PreTrainedConfig):
    model_type = "norwegian_blue"

def fail(*arguments, **keywords):
    raise OSError("broken")

{breaks}
acme_parrot.register()
acme_parrot.register()
own = [entry for entry in said if entry[1] == "vllm.acme.plugin"]
print(json.dumps(own))
"""


def failed(step: str) -> str:
    return (
        f"Plugin acme.plugin: acme_parrot._models.{step} failed with OSError. Models of this plugin may not load, all "
        "others will. Cure: repair what the traceback names, or install a vLLM from "
        f"{OLDEST} to {NEWEST}; or keep this plugin out, by naming the others in VLLM_PLUGINS."
    )


def taken(what: str, name: str, owner: str, place: str) -> str:
    return (
        f"Plugin acme.plugin: the {what} {name} already belongs to {owner}, which vLLM will use in "
        f"place of this plugin's. Cure: choose another {what}, in about.py, its "
        f"{place} and the checkpoint's config.json; or, if the owner is a plugin, keep it out by "
        "VLLM_PLUGINS."
    )


def untested(version: str) -> str:
    return (
        f"Plugin acme.plugin is tested with vLLM {OLDEST} to {NEWEST}, and this is {version}. It may "
        "work. Cure: run the plugin's tests with this vLLM, or install a tested one."
    )


SAID = {
    "nothing is wrong": ("", []),
    "the architecture cannot be registered": (
        "vllm.ModelRegistry.register_model = fail",
        [("ERROR", failed("register_architecture('ParrotModel', 'model:ParrotModel')"))],
    ),
    "the config cannot be registered": (
        "transformers.AutoConfig.register = fail",
        [("ERROR", failed("register_model_type('norwegian_blue', 'config:Config')"))],
    ),
    "both fail": (
        "vllm.ModelRegistry.register_model = transformers.AutoConfig.register = fail",
        [
            ("ERROR", failed("register_architecture('ParrotModel', 'model:ParrotModel')")),
            ("ERROR", failed("register_model_type('norwegian_blue', 'config:Config')")),
        ],
    ),
    "the architecture is another's": (
        "vllm.ModelRegistry.register_model('ParrotModel', 'other.model:Theirs')",
        [
            (
                "WARNING",
                taken("architecture", "ParrotModel", "other.model:Theirs", "module"),
            )
        ],
    ),
    "the model_type is another's": (
        "transformers.AutoConfig.register('norwegian_blue', Other)",
        [("WARNING", taken("model_type", "norwegian_blue", "__main__:Other", "config class"))],
    ),
    "this vLLM is newer": ("vllm.__version__ = '99.0.0'", [("WARNING", untested("99.0.0"))]),
    "this vLLM is older": ("vllm.__version__ = '0.1.0'", [("WARNING", untested("0.1.0"))]),
    "this vLLM has no version": (
        "del vllm.__version__",
        [("WARNING", untested("of unknown version"))],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_register_says_this_once_and_nothing_else(render, name):
    project = render(**ANSWERS)
    breaks, expected = SAID[name]
    path = os.pathsep.join(map(str, [project, project / FIXTURE_ENGINE]))
    settings = {k: v for k, v in os.environ.items() if k != "STRICT_VLLM_PLUGINS"}
    script = SCRIPT.format(breaks=breaks)
    output = run(sys.executable, "-c", script, env=settings | {"PYTHONPATH": path}).stdout
    said = [(level, message) for level, _, message in json.loads(output)]
    assert said == expected
