"""What a mutation is, and the folders that mutations name."""

from typing import NamedTuple

from shared.rendering import SUPPORTED_VLLM

PROJECT = "{{cookiecutter.package_name}}"
PACKAGE = f"{PROJECT}/{PROJECT}"
ENGINE = f"{PROJECT}/tests/_template/fixture_engine/vllm"
LOOKS = f"{PACKAGE}/_doctor"
AUDIT = f"{PROJECT}/tests/_template/audit"
WORKFLOWS = f"{PROJECT}/.github/workflows"
KINDS = "templates/kinds"
# What the kinds of model share.
SHARED = "templates/shared/model"


class Mutation(NamedTuple):
    """What to put in place of what in which file, and the tests that should notice.

    In the real lane on the newest supported vLLM, unless it names another.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
    vllm: str = SUPPORTED_VLLM[-1]
