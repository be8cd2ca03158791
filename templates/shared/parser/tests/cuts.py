"""Cuts texts into pieces, as a model's answer may arrive."""

import random
from collections.abc import Iterator


def every_cut(text: str) -> Iterator[list[str]]:
    """Give a text character by character, and then cut in two at every place."""
    yield list(text)
    for place in range(len(text) + 1):
        yield [text[:place], text[place:]]


def pieces_of(text: str, length: int) -> list[str]:
    """Return a text in pieces of one length, but for the last."""
    return [text[start : start + length] for start in range(0, len(text), length)]


def random_texts(seed: int, bits: list[str], number: int) -> Iterator[tuple[str, list[str]]]:
    """Give texts that are made of random bits, each whole and cut at some random places."""
    chance = random.Random(seed)
    for _ in range(number):
        text = "".join(chance.choices(bits, k=chance.randint(1, 12)))
        ends = sorted(chance.randint(0, len(text)) for _ in range(chance.randint(1, 6)))
        ends.append(len(text))
        yield text, [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
