"""The Jinja extension that brings the rules for answers into cookiecutter and cruft."""

import sys
from functools import cache
from pathlib import Path
from types import CodeType

from cookiecutter import __version__
from cookiecutter.prompt import read_user_variable
from jinja2 import Environment
from jinja2.ext import Extension

RULES = Path(__file__).with_name("answer_rules.py")
# The first that lets a template include files of its folder templates/.
OLDEST_COOKIECUTTER = "2.2.0"


@cache
def compiled(rules: str) -> CodeType:
    """Compile the text of answer_rules.py, once for all environments that cookiecutter makes."""
    return compile(rules, RULES, "exec")


def refuse_old_cookiecutter(version: str) -> None:
    """End the program, before it writes anything, if cookiecutter is too old for this template."""
    if as_numbers(version) < as_numbers(OLDEST_COOKIECUTTER):
        sys.exit(
            f"Error: cookiecutter {version} is too old for this template: use "
            f"{OLDEST_COOKIECUTTER} or newer (pip install --upgrade cookiecutter)"
        )


def as_numbers(version: str) -> tuple[int, ...]:
    """Return (2, 2) for "2.2.0"."""
    return tuple(map(int, version.split(".")[:2]))


class AnswerRules(Extension):
    """Adds the filters of answer_rules.py, and refuses an answer that is itself a template."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        refuse_old_cookiecutter(__version__)
        # Run anew for each environment: cruft renders an old and a new version of this template
        # in one process, in which an imported module would stay that of the old one.
        self.rules: dict = {"__name__": RULES.stem, "__file__": str(RULES)}
        exec(compiled(RULES.read_text(encoding="utf-8")), self.rules)
        environment.filters.update(self.rules["FILTERS"], check=self.check)
        environment.globals.update(self.rules["GLOBALS"])
        self.last_checked: str | None = None
        self.last_default = ""

    def check(self, answers: dict, field: str) -> str:
        """Return "" if an answer will do; else ask for another, if it was typed, or end all."""
        self.last_checked = field
        default = self.environment.from_string(self.last_default).render(cookiecutter=answers)
        # What is not the default was typed, and at a terminal somebody is there to type it anew.
        # Cookiecutter reads the next answers with these, and so with what is put in here.
        while field in answers and answers[field] != default and sys.stdin.isatty():
            problem = self.rules["problem_with"](answers, field)
            if not problem:
                break
            print(f"Error: {problem}", file=sys.stderr)
            prompts = self.rules["QUESTIONS"]["__prompts__"]
            answers[field] = read_user_variable(field, default, prompts, "  ")
        return self.rules["check"](answers, field)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return ``source``, which Jinja is about to run, unless it is an answer."""
        # A file has a name. Answers from the command line have none, and cookiecutter renders
        # them before any filter sees them.
        if name is None:
            self.rules["refuse_template_code"](source, self.last_checked)
            if "| check(" not in source:
                self.last_default = source
        return source
