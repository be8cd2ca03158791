"""The Jinja extension that brings the rules for answers into cookiecutter and cruft."""

from pathlib import Path
from runpy import run_path

from jinja2 import Environment
from jinja2.ext import Extension

RULES = Path(__file__).with_name("answer_rules.py")


class AnswerRules(Extension):
    """Adds the filters of answer_rules.py, and refuses an answer that is itself a template."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # Run anew for each environment: cruft renders an old and a new version of this template
        # in one process, in which an imported module would stay that of the old one.
        self.rules = run_path(str(RULES))
        environment.filters.update(self.rules["FILTERS"], check=self.check)
        self.last_checked: str | None = None

    def check(self, answers: dict, field: str) -> str:
        """Check one answer; see answer_rules.check."""
        self.last_checked = field
        return self.rules["check"](answers, field)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return ``source``, which Jinja is about to run, unless it is an answer."""
        # A file has a name. Answers from the command line have none, and cookiecutter renders
        # them before any filter sees them.
        if name is None:
            self.rules["refuse_template_code"](source, self.last_checked)
        return source
