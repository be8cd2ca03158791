"""Remembers which request of a batch asked for what. Needs neither vLLM nor torch. No need to edit it."""

from collections.abc import Iterable

# What one request asks for, as an edit of the logits takes it.
Numbers = tuple[float, ...]


class Asked:
    """The numbers of each request that asked for something, by its index in the batch.

    An index is used again: for another request, or for one that moves there.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, Numbers] = {}

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def __contains__(self, index: int) -> bool:
        return index in self._numbers

    def put(self, index: int, numbers: Numbers | None) -> None:
        """Let a request come to an index, in place of any that was there; None asks for nothing."""
        if numbers is None:
            self._numbers.pop(index, None)
        else:
            self._numbers[index] = numbers

    def update(
        self,
        removed: Iterable[int],
        added: Iterable[tuple[int, Numbers | None]],
        moved: Iterable[tuple[int, int, bool]],
    ) -> None:
        """Follow a change of the batch, in vLLM's order: what is removed, added, and moved.

        A move is (from, to, whether the two change places).
        """
        for index in removed:
            self.put(index, None)
        for index, numbers in added:
            self.put(index, numbers)
        for source, target, swap in moved:
            mine, other = self._numbers.pop(source, None), self._numbers.pop(target, None)
            if swap:
                self.put(source, other)
            self.put(target, mine)

    def table(self, length: int, unchanged: Numbers) -> list[Numbers]:
        """Return the numbers for the indices below ``length``: ``unchanged`` where nobody asked."""
        return [self._numbers.get(index, unchanged) for index in range(length)]
