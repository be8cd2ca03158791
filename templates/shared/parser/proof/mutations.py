"""Breaks of what all kinds of parsers share, each of which every such kind's own tests must catch.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

REGISTRATION = "_parsers.py"
MUTATIONS = {
    "a taken name is overwritten": (REGISTRATION, "if owner is None:", "if True:"),
    "nobody is warned of a taken name": (
        REGISTRATION,
        '        warn_of_owner(what, name, owner, f"about.py and {option}")',
        "        pass",
    ),
    "the class is registered without its package": (
        REGISTRATION,
        'name, f"{__package__}.{module}", class_name',
        "name, module, class_name",
    ),
    "a class that is imported already is overlooked": (
        REGISTRATION,
        "    if name in imported:\n        return class_path(imported[name])\n",
        "",
    ),
    "a marker's beginning is looked for only at full length": (
        "_markers.py",
        "range(len(marker) - 1, 0, -1)",
        "range(len(marker) - 1, 1, -1)",
    ),
}
