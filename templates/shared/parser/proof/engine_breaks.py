"""Breaks of what parsers share in the fixture engine, and the cases that each must fail.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
Never rendered.
"""

REGISTRY = "_parsers.py"
KINDS = ("tool", "reasoning")


def of_each_kind(*cases: str) -> list[str]:
    """Return the names of some cases for each kind of parser."""
    return [case.format(kind) for case in cases for kind in KINDS]


BREAKS = {
    "class is not cached": (
        REGISTRY,
        "        cls.imported[name] = parser\n",
        "",
        of_each_kind(
            "a_{}_parser_is_imported_when_it_is_first_asked_for",
            "a_{}_parser_that_is_imported_goes_before_one_that_is_registered_later",
        ),
    ),
    "first registration stays": (
        REGISTRY,
        "cls.lazy_parsers[name] = (module_path, class_name)",
        "cls.lazy_parsers.setdefault(name, (module_path, class_name))",
        of_each_kind("of_two_{}_parsers_with_one_name_the_later_counts_and_nothing_is_said"),
    ),
    "unknown is None": (
        REGISTRY,
        """raise KeyError(f"{cls.what.capitalize()} '{name}' not found.")""",
        "return None",
        of_each_kind("a_{}_parser_that_nobody_has_registered_is_a_key_error"),
    ),
    "not logged": (
        REGISTRY,
        """            logger.exception("Failed to import lazy %s '%s' from %s", cls.what, name, module)\n""",
        "",
        of_each_kind("a_{}_parser_that_cannot_be_imported_is_logged_and_raised_each_time"),
    ),
    "any base": (
        REGISTRY,
        "if not issubclass(parser, cls.base):",
        "if False:",
        of_each_kind("a_{}_parser_of_another_base_class_is_refused"),
    ),
}
