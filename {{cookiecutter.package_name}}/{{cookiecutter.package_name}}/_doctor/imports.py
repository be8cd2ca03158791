"""From where Python imports a package."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Source(NamedTuple):
    """The folder from which a package is imported; an empty one is a mere folder of its name."""

    folder: Path
    empty: bool


@contextlib.contextmanager
def in_front(*folders: str) -> Iterator[None]:
    """Let Python look in some folders first."""
    before = sys.path[:]
    sys.path[:0] = folders
    try:
        yield
    finally:
        sys.path[:] = before


def import_source(package: str, *front: str) -> Source | None:
    """Return from where a new process would import a package, with some folders in front."""
    with in_front(*front):
        # Not find_spec, which answers for what is imported already.
        specs = (finder.find_spec(package, None) for finder in sys.meta_path)
        spec = next(filter(None, specs), None)
    if spec is None:
        return None
    if spec.origin and spec.loader:
        return Source(Path(spec.origin).resolve().parent, empty=False)
    folders = list(spec.submodule_search_locations or [])
    return Source(Path(folders[0]).resolve(), empty=True) if folders else None


def import_folder(package: str) -> Path | None:
    """Return the folder of a package that is more than a mere folder of its name."""
    source = import_source(package)
    return None if source is None or source.empty else source.folder
