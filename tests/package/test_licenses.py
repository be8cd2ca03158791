"""Each license is whole, its holder is the author, and what the package declares is that license."""

import hashlib
import json
import re

import pytest
from shared.rendering import ROOT

LICENSES = ROOT / "templates" / "shared" / "licenses"
CHOICES = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))["license"]
AUTHOR = "Zoë O'Neil & Söhne"
# SHA-256 of what nobody may change, from its first words on, each white space a single space. These
# are the texts that a hundred packages on the index have, too; a new one is compared with those.
BODIES = {
    "Apache-2.0": (
        "Apache License Version 2.0, January 2004",
        "a0b9af0d1614b5e8f3004aaf2092bf005b64398ef067ca868d81a8beeb6cb0b5",
    ),
    "MIT": (
        "Permission is hereby granted",
        "fe2a9817987f862eaced948f0468c7f51d2fedfc48c5c505b246a49a3870e9a5",
    ),
    "BSD-3-Clause": (
        "Redistribution and use in source and binary forms",
        "70435d703f5e4bdca9a1fa6b9291501b0dd850d2ad5457b491ce936217b1e063",
    ),
}
PROPRIETARY = f"""\
Copyright (c) {AUTHOR}

All rights reserved. No part of this software may be used, copied, modified or
distributed without the prior written permission of the copyright holder.
"""
HEADS = {
    "Apache-2.0": "",
    "MIT": f"MIT License Copyright (c) {AUTHOR} ",
    "BSD-3-Clause": f"BSD 3-Clause License Copyright (c) {AUTHOR} ",
}


def test_there_is_one_text_for_each_license_on_offer():
    assert {path.stem for path in LICENSES.iterdir()} == set(CHOICES)
    assert {*BODIES, "Proprietary"} == set(CHOICES)


@pytest.mark.parametrize("name", BODIES)
def test_the_text_is_the_whole_one_and_names_the_author(render, name):
    text = (render(license=name, author_name=AUTHOR) / "LICENSE").read_text(encoding="utf-8")
    start, digest = BODIES[name]
    folded = " ".join(text.split())
    assert folded.startswith(HEADS[name] + start)
    body = folded.removeprefix(HEADS[name])
    assert hashlib.sha256(body.encode()).hexdigest() == digest, "its words have changed"
    # Without a year: the same answers give the same bytes, whenever.
    assert name == "Apache-2.0" or not re.search(r"\d{4}", text)


def test_the_proprietary_text_reserves_all_rights(render):
    project = render(license="Proprietary", author_name=AUTHOR)
    assert (project / "LICENSE").read_text(encoding="utf-8") == PROPRIETARY


def test_the_template_has_the_license_that_it_recommends():
    assert (ROOT / "LICENSE").read_bytes() == (LICENSES / "Apache-2.0.txt").read_bytes()
    assert CHOICES[0] == "Apache-2.0"
    assert "[Apache-2.0](LICENSE)" in (ROOT / "README.md").read_text()
