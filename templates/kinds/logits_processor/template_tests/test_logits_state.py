"""What requests asked for follows them through the batch, however that changes. Needs no vLLM."""

import random

from {{ cookiecutter.package_name }}._logits_state import Asked

SIZE = 6
OFF = (9.0,)


class Batch:
    """A batch as vLLM keeps it: a list of requests. It says how it changes in a step."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.rows: list[tuple[float, ...] | None] = []

    def step(self) -> tuple[list, list, list]:
        """Change the batch; return what was removed, added and moved.

        New requests take the lowest places that are free, and the last ones move into the others,
        so that no hole is left; then some change places.
        """
        removed = [row for row in range(len(self.rows)) if self.chance.random() < 0.3]
        free, added = removed[:], []
        for _ in range(self.chance.randint(0, 2)):
            numbers = (self.chance.random(),) if self.chance.random() < 0.5 else None
            row = free.pop(0) if free else len(self.rows)
            if row < SIZE:
                self.rows[row : row + 1] = [numbers]
                added.append((row, numbers))
        moved = [*self.condense(free), *self.swaps()]
        return [row for row in removed if row not in dict(added)], added, moved

    def condense(self, free: list[int]) -> list[tuple[int, int, bool]]:
        moved = []
        for row in free[::-1]:
            last = len(self.rows) - 1
            if row != last:
                self.rows[row] = self.rows[last]
                moved.append((last, row, False))
            self.rows.pop()
        return moved

    def swaps(self) -> list[tuple[int, int, bool]]:
        moved = []
        for _ in range(self.chance.randint(0, 2)):
            if len(self.rows) > 1:
                first, second = self.chance.sample(range(len(self.rows)), 2)
                self.rows[first], self.rows[second] = self.rows[second], self.rows[first]
                moved.append((first, second, True))
        return moved


def test_each_request_keeps_what_it_asked_for_in_any_batch():
    for seed in range(300):
        batch, asked = Batch(seed), Asked()
        for _ in range(30):
            asked.update(*batch.step())
            expected = [numbers or OFF for numbers in batch.rows]
            assert asked.table(len(batch.rows), OFF) == expected
            # Nothing is left behind the batch either.
            assert asked.table(SIZE + 2, OFF)[len(expected) :] == [OFF] * (SIZE + 2 - len(expected))
            assert bool(asked) is any(batch.rows)


def test_a_request_that_asks_for_nothing_clears_the_place_that_it_takes():
    asked = Asked()
    asked.put(3, (1.0,))
    assert 3 in asked
    asked.put(3, None)
    assert 3 not in asked and not asked


def test_what_moves_away_leaves_nothing_and_replaces_what_was_there():
    asked = Asked()
    asked.update([], [(0, (1.0,)), (1, (2.0,))], [(1, 0, False)])
    assert asked.table(2, OFF) == [(2.0,), OFF]


def test_a_request_that_asks_for_nothing_moves_too():
    asked = Asked()
    asked.update([], [(0, (1.0,)), (1, None)], [(1, 0, False)])
    assert asked.table(2, OFF) == [OFF, OFF]


def test_two_that_change_places_take_along_what_they_asked_for():
    asked = Asked()
    asked.update([], [(0, (1.0,)), (1, (2.0,)), (2, None)], [(0, 1, True), (1, 2, True)])
    assert asked.table(3, OFF) == [(2.0,), OFF, (1.0,)]
